// Mustache templates, built into the program, filled with values.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace twlab::report {

// What a template is filled with. Templates find a name that an object does not have in the objects
// around it, so an object says everything that its part of the template asks for.
class Value {
 public:
  using List = std::vector<Value>;
  using Object = std::map<std::string, Value>;

  Value() = default;
  Value(bool b) : value_(b) {}                           // NOLINT(google-explicit-constructor)
  Value(const char* s) : value_(std::string(s)) {}       // NOLINT(google-explicit-constructor)
  Value(std::string s) : value_(std::move(s)) {}         // NOLINT(google-explicit-constructor)
  Value(std::string_view s) : value_(std::string(s)) {}  // NOLINT(google-explicit-constructor)
  Value(List list) : value_(std::move(list)) {}          // NOLINT(google-explicit-constructor)
  Value(Object object) : value_(std::move(object)) {}    // NOLINT(google-explicit-constructor)

  const auto& get() const { return value_; }

 private:
  std::variant<bool, std::string, List, Object> value_ = false;
};

// The text of templates/NAME; throws std::logic_error when there is none.
std::string_view template_text(std::string_view name);

// Fills a template. {{x}} passes through `escape`, {{{x}}} does not; {{> other}} includes
// templates/other. For every string or list `x` of an object there is also `x?`, true when it is
// not empty: in Mustache an empty string is as true as any. Throws std::logic_error when a template
// is malformed; `name` says which.
std::string fill(std::string_view name, std::string_view text, const Value::Object& values,
                 std::string (*escape)(std::string_view));
// The same with templates/NAME.
std::string render(std::string_view name, const Value::Object& values,
                   std::string (*escape)(std::string_view));

}  // namespace twlab::report
