#include "report/template.h"

#include <kainjow/mustache.hpp>
#include <stdexcept>

namespace twlab::report {

// Generated from templates/ by embed.cmake.
struct EmbeddedTemplate {
  std::string_view name, text;
};
extern const EmbeddedTemplate embedded_templates[];
extern const size_t embedded_template_count;

namespace {

namespace mustache = kainjow::mustache;

mustache::data convert(const Value& value);

mustache::data convert(const Value::Object& object) {
  mustache::data data;
  for (const auto& [key, value] : object) {
    if (auto* text = std::get_if<std::string>(&value.get())) data.set(key + "?", !text->empty());
    if (auto* list = std::get_if<Value::List>(&value.get())) data.set(key + "?", !list->empty());
    data.set(key, convert(value));
  }
  return data;
}

mustache::data convert(const Value& value) {
  struct Visitor {
    mustache::data operator()(bool b) const { return b; }
    mustache::data operator()(const std::string& s) const { return s; }
    mustache::data operator()(const Value::List& list) const {
      mustache::data data{mustache::data::type::list};
      for (const auto& item : list) data.push_back(convert(item));
      return data;
    }
    mustache::data operator()(const Value::Object& object) const { return convert(object); }
  };
  return std::visit(Visitor(), value.get());
}

}  // namespace

std::string_view template_text(std::string_view name) {
  for (size_t i = 0; i < embedded_template_count; ++i)
    if (embedded_templates[i].name == name) return embedded_templates[i].text;
  throw std::logic_error("no template " + std::string(name));
}

std::string fill(std::string_view name, std::string_view text, const Value::Object& values,
                 std::string (*escape)(std::string_view)) {
  mustache::data data = convert(values);
  for (size_t i = 0; i < embedded_template_count; ++i) {
    std::string part(embedded_templates[i].text);
    data.set(std::string(embedded_templates[i].name), mustache::partial([part] { return part; }));
  }
  mustache::mustache page{std::string(text)};
  page.set_custom_escape([escape](const std::string& text) { return escape(text); });
  std::string out = page.render(data);
  if (!page.is_valid())
    throw std::logic_error("template " + std::string(name) + ": " + page.error_message());
  return out;
}

std::string render(std::string_view name, const Value::Object& values,
                   std::string (*escape)(std::string_view)) {
  return fill(name, template_text(name), values, escape);
}

}  // namespace twlab::report
