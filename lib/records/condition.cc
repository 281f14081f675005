#include "lib/records/condition.h"

#include "lib/base/escape.h"
#include "lib/records/fields.h"

namespace rm::records {
namespace {

constexpr const char* kField = "field";  // the name under which FieldFinder is asked for the path

}  // namespace

Result<Condition> Condition::parse(std::string_view text) {
  auto bad = [&](const char* what) {
    return make_error(Exit::kUsage, "bad_condition",
                      '"' + escape_text(text, 80) + "\" " + what + "; expected FIELD=VALUE or FIELD!=VALUE");
  };
  const auto equals = text.find('=');
  if (equals == text.npos) return bad("has no =");
  Condition out;
  out.text_ = text;
  out.value_ = text.substr(equals + 1);
  out.negated_ = equals > 0 && text[equals - 1] == '!';
  std::string_view path = text.substr(0, out.negated_ ? equals - 1 : equals);
  if (!path.empty() && path.front() == '.') path.remove_prefix(1);
  std::vector<std::string> keys;
  for (bool more = true; more;) {
    const auto dot = path.find('.');
    keys.emplace_back(path.substr(0, dot));
    if (keys.back().empty()) return bad("names no field");
    more = dot != path.npos;
    if (more) path.remove_prefix(dot + 1);
  }
  out.path_.emplace(kField, std::move(keys));
  return out;
}

bool Condition::holds(const json::Value& record) const {
  const auto found = FieldFinder(record, path_).find(kField);
  if (!found) return negated_;
  bool equal = false;
  if (const auto s = found->value.string()) {
    equal = *s == value_;
  } else if (found->value.is(json::Type::kNumber) || found->value.is(json::Type::kBool)) {
    equal = found->value.dump() == value_;
  }
  return equal != negated_;
}

}  // namespace rm::records
