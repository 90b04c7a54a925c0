#include "cli/options_text.h"

#include <algorithm>

namespace twlab::cli {
namespace {

// The texts are broken for the help of a terminal.
std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

// CLI11 tells the values that an option takes only as text: "TEXT:{inet,inet6,both}".
std::vector<std::string> choices(const CLI::Option& option) {
  std::string text = option.get_type_name();
  size_t begin = text.find('{'), end = text.rfind('}');
  if (begin == text.npos || end == text.npos) return {};
  return CLI::detail::split(text.substr(begin + 1, end - begin - 1), ',');
}

OptionText describe(const CLI::Option& option) {
  OptionText text;
  text.text = one_line(option.get_description());
  text.choices = choices(option);
  text.required = option.get_required();
  if (option.get_positional()) {
    text.names = {option.get_name(true)};
    text.value = text.names[0];
    text.repeats = option.get_items_expected_max() > 1;
    return text;
  }
  for (const std::string& name : option.get_snames()) text.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) text.names.push_back("--" + name);
  bool flag = option.get_type_size_max() == 0;
  if (!flag) text.value = option.get_option_text();
  text.repeats = !flag && option.get_items_expected_max() > 1;
  return text;
}

}  // namespace

CommandText describe(CLI::App& app, const std::string& path) {
  CommandText text;
  text.path = path;
  text.text = one_line(app.get_description());
  text.footer = app.get_footer();
  for (CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden
    (option->get_positional() ? text.arguments : text.options).push_back(describe(*option));
  }
  for (CLI::App* command : app.get_subcommands([](CLI::App*) { return true; }))
    text.commands.push_back(
        describe(*command, path.empty() ? command->get_name() : path + " " + command->get_name()));
  return text;
}

}  // namespace twlab::cli
