#include "report/catalogue.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "lab/claim.h"
#include "lab/registry.h"
#include "report/template.h"

namespace twlab::report {
namespace {

using Object = Value::Object;
using List = Value::List;

// The texts are our own: what Markdown would take for markup there is meant so, but for these.
std::string escape(std::string_view text) {
  std::string out;
  for (char c : text) {
    if (std::string_view("*<|").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string place(const Source& source) {
  if (source.section.empty()) return std::string(source.document);
  return fmt::format("{} ({})", source.document, source.section);
}

// A claim's own heading in this document: GitHub leaves the dot out.
std::string link(std::string_view claim) {
  std::string anchor(claim);
  std::erase(anchor, '.');
  return fmt::format("[{}](#{})", claim, anchor);
}

std::string links(const std::vector<std::string_view>& claims) {
  std::vector<std::string> all;
  for (auto claim : claims) all.push_back(link(claim));
  return fmt::format("{}", fmt::join(all, ", "));
}

std::string deciding(std::string_view claim) {
  std::vector<std::string> all;
  for (const LabInfo& lab : labs())
    if (std::find(lab.claims.begin(), lab.claims.end(), claim) != lab.claims.end())
      all.push_back(fmt::format("[{}](../{})", lab.name, lab.file));
  return fmt::format("{}", fmt::join(all, ", "));
}

List list_topics(Topic::Kind kind) {
  List list;
  for (const Topic& topic : topics()) {
    if (topic.kind != kind) continue;
    std::vector<std::string> sides;
    for (const auto& side : topic.sides) sides.push_back(links(side));
    list.emplace_back(Object{{"text", topic.text},
                             {"remark", topic.remark},
                             {"place", place(topic.source)},
                             {"sides", fmt::format("{}", fmt::join(sides, " against "))}});
  }
  return list;
}

List list_claims() {
  List list;
  std::string_view group;
  for (const Claim& claim : claims()) {
    std::string_view its_group = claim.id.substr(0, claim.id.find('.'));
    std::vector<std::string> sources;
    for (const Source& source : claim.sources) sources.push_back(place(source));
    list.emplace_back(Object{{"id", claim.id},
                             {"group", its_group},
                             {"begins_group", its_group != group},
                             {"statement", claim.statement},
                             {"sources", fmt::format("{}", fmt::join(sources, ", "))},
                             {"labs", deciding(claim.id)},
                             {"opponents", links(opponents(claim.id))},
                             {"why", claim.why}});
    group = its_group;
  }
  return list;
}

List list_documents() {
  List list;
  for (const Document& document : documents())
    list.emplace_back(Object{{"name", document.name}, {"title", document.title}});
  return list;
}

}  // namespace

std::vector<std::string_view> opponents(std::string_view id) {
  std::vector<std::string_view> all;
  for (const Topic& topic : topics()) {
    if (topic.kind != Topic::Kind::disagreement) continue;
    auto has_it = [id](const auto& side) { return std::ranges::find(side, id) != side.end(); };
    if (std::ranges::none_of(topic.sides, has_it)) continue;
    for (const auto& side : topic.sides)
      if (!has_it(side)) all.insert(all.end(), side.begin(), side.end());
  }
  return all;
}

std::string catalogue_markdown() {
  Object values{{"number", std::to_string(claims().size())},
                {"documents", list_documents()},
                {"disagreements", list_topics(Topic::Kind::disagreement)},
                {"boxes", list_topics(Topic::Kind::wrong_information)},
                {"questions", list_topics(Topic::Kind::open_question)},
                {"claims", list_claims()}};
  std::string text = render("claims.md", values, escape);
  for (size_t at = 0; (at = text.find("\n\n\n", at)) != std::string::npos;) text.erase(at, 1);
  return text;
}

}  // namespace twlab::report
