#include "lib/bench/element.h"

#include "lib/bench/prepare.h"

namespace rm::bench {

using json::Type;
using json::Value;

Error element_error(std::string reason, std::string message) {
  return make_error(Exit::kInput, std::move(reason), std::move(message));
}

Result<Value> member(const Value& element, const char* field, Type type) {
  const auto v = element.find(field);
  const std::string quoted = std::string("\"") + field + "\"";
  if (!v) return element_error("missing_field", quoted + " is missing");
  if (!v->is(type))
    return element_error("wrong_type", quoted + " is " + json::name(v->type()) + "; expected " + json::name(type));
  return *v;
}

Result<std::string> identity(const Value& element, const char* field) {
  const auto v = element.find(field);
  if (v && v->is(Type::kString) && !v->string()->empty()) return std::string(*v->string());
  if (v && v->is(Type::kNumber)) return v->dump();
  return element_error("missing_field", std::string("\"") + field + "\" is no text or number that names the item");
}

std::string tag_json(const Tag& t) {
  std::string out;
  json::Writer w(out);
  w.begin_object().member("name", t.rules->name).member("version", t.rules->version);
  w.member("subset", std::string_view(t.subset)).member("item", std::string_view(t.item));
  w.member("cell", t.cell).member("n", t.n).end_object();
  return out;
}

}  // namespace rm::bench
