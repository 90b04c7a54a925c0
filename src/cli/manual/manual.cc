#include "cli/manual/manual.h"

#include <algorithm>
#include <map>
#include <sstream>
#include <stdexcept>

#include "report/template.h"
#include "report/text.h"

namespace twlab::cli {
namespace {

using report::Value;

std::string joined(const std::vector<std::string>& words, std::string_view between) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : std::string(between)) + word;
  return text;
}

// What completes a value, as a function of both completions; empty: nothing. The word that stands
// for the value in the help decides.
std::string completed_by(const OptionText& option) {
  if (!option.choices.empty()) return "_twlab_words " + joined(option.choices, " ");
  static const std::map<std::string_view, const char*> functions{
      {"NAME", "_twlab_names"},     {"LAB", "_twlab_labs"},           {"CLAIM", "_twlab_claims"},
      {"KERNEL", "_twlab_kernels"}, {"RELEASE", "_twlab_releases"},   {"DIR", "_twlab_folders"},
      {"FILE", "_twlab_files"},     {"PATH", "_twlab_files"},         {"A", "_twlab_files"},
      {"B", "_twlab_files"},        {"NAME=VALUE", "_twlab_settings"}};
  auto found = functions.find(option.value);
  return found == functions.end() ? "" : found->second;
}

// "{-o+,--out=}": the value is the next word, or follows without a space.
std::string zsh_names(const OptionText& option) {
  std::vector<std::string> names = option.names;
  if (!option.value.empty())
    for (std::string& name : names) name += name.starts_with("--") ? "=" : "+";
  return names.size() == 1 ? names[0] : "{" + joined(names, ",") + "}";
}

// A template finds a name that is not here in the command around, so each has all of them.
Value describe(const OptionText& option, size_t place) {
  Value::List names;
  for (const std::string& name : option.names)
    names.emplace_back(Value::Object{{"name", name},
                                     {"letters", name.substr(name.starts_with('-') ? 1 : 0)},
                                     {"first", name == option.names.front()}});
  return Value::Object{{"names", std::move(names)},
                       {"all_names", joined(option.names, " ")},
                       {"zsh_names", zsh_names(option)},
                       {"place", std::to_string(place)},
                       {"value", option.value},
                       {"text", option.text},
                       {"completed_by", completed_by(option)},
                       {"required", option.required},
                       {"repeats", option.repeats}};
}

Value::List describe(const std::vector<OptionText>& options) {
  Value::List list;
  for (const OptionText& option : options) list.push_back(describe(option, list.size() + 1));
  return list;
}

// Those that only some commands have.
Value::List describe_own(std::vector<OptionText> options) {
  std::erase_if(options, [](const OptionText& option) { return option.names.back() == "--help"; });
  return describe(options);
}

std::string function_name(const std::string& path) {
  std::string name = "_twlab" + std::string(path.empty() ? "" : "_") + path;
  std::replace_if(
      name.begin(), name.end(), [](char c) { return c == ' ' || c == '-'; }, '_');
  return name;
}

// At a line's begin . and ' are for requests, and an empty line is one, too.
std::string roff_lines(std::string_view text) {
  std::istringstream in{std::string(text)};
  std::string out;
  for (std::string line; std::getline(in, line);) {
    for (size_t i = 0; (i = line.find('\\', i)) != line.npos; i += 2) line.replace(i, 1, "\\e");
    bool request = line.empty() || line[0] == '.' || line[0] == '\'';
    out += (out.empty() ? "" : "\n") + std::string(request ? "\\&" : "") + line;
  }
  return out;
}

// A sentence to a line, and none longer than 80, as mdoc(7) wants it.
std::string escape_roff(std::string_view text) {
  std::string lines, out;
  for (char c : text) {
    size_t n = lines.size();
    bool sentence = c == ' ' && n >= 2 && lines[n - 1] == '.' && isalpha(lines[n - 2]);
    lines += sentence ? '\n' : c;
  }
  std::istringstream in(lines);
  for (std::string line; std::getline(in, line);)
    out += (out.empty() ? "" : "\n") + report::wrap(line, 78);
  return roff_lines(out);
}

Value::Object describe(const CommandText& command) {
  // The first paragraph is text; what follows an empty line stands as it is.
  size_t end = std::min(command.footer.find("\n\n"), command.footer.size());
  std::string footer = command.footer.substr(0, end);
  std::replace(footer.begin(), footer.end(), '\n', ' ');
  std::string rest = command.footer.substr(std::min(end + 2, command.footer.size()));
  Value::List below;
  std::vector<std::string> words;
  for (const CommandText& other : command.commands) {
    words.push_back(other.path.substr(command.path.empty() ? 0 : command.path.size() + 1));
    below.emplace_back(Value::Object{
        {"word", words.back()}, {"text", other.text}, {"function", function_name(other.path)}});
  }
  for (const OptionText& option : command.options)
    words.insert(words.end(), option.names.begin(), option.names.end());
  return {{"path", command.path},
          {"function", function_name(command.path)},
          {"text", command.text},
          {"footer", footer},
          {"roff_rest", roff_lines(rest)},
          {"options", describe(command.options)},
          {"own_options", describe_own(command.options)},
          {"arguments", describe(command.arguments)},
          {"below", std::move(below)},
          {"words", joined(words, " ")}};
}

void collect(const CommandText& command, Value::List& list) {
  list.emplace_back(describe(command));
  for (const CommandText& other : command.commands) collect(other, list);
}

std::string as_is(std::string_view text) {
  return std::string(text);
}

// For what stands between single quotes, in brackets or before a colon of _arguments.
std::string escape_zsh(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (c == '\'') {
      out += "'\\''";
      continue;
    }
    if (c == '[' || c == ']' || c == ':' || c == '\\') out += '\\';
    out += c;
  }
  return out;
}

// Tags that stand alone on a line leave it empty.
std::string without_empty_lines(const std::string& text) {
  std::string out;
  for (char c : text)
    if (c != '\n' || (!out.empty() && out.back() != '\n')) out += c;
  return out;
}

}  // namespace

std::string fill_manual(std::string_view name, std::string_view text, const CommandText& commands) {
  static const std::map<std::string_view, std::string (*)(std::string_view)> escapes{
      {"twlab.1", escape_roff}, {"twlab.bash", as_is}, {"_twlab", escape_zsh}};
  auto escape = escapes.find(name);
  if (escape == escapes.end()) throw std::invalid_argument("no template " + std::string(name));
  Value::List all, named;
  collect(commands, all);
  for (const CommandText& command : commands.commands) collect(command, named);
  return without_empty_lines(report::fill(
      name, text,
      {{"all", std::move(all)}, {"commands", std::move(named)}, {"version", TWLAB_VERSION}},
      escape->second));
}

}  // namespace twlab::cli
