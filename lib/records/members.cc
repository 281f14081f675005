#include "lib/records/members.h"

namespace rm::records {

using json::Type;

void Members::text(const char* key, std::string& out) {
  if (const auto v = get(key, Type::kString)) out = std::string(*v->string());
}

void Members::text(const char* key, std::optional<std::string>& out) {
  if (const auto v = get(key, Type::kString)) out = std::string(*v->string());
}

void Members::number(const char* key, std::optional<double>& out) {
  if (const auto v = get(key, Type::kNumber)) out = v->number();
}

void Members::boolean(const char* key, std::optional<bool>& out) {
  if (const auto v = get(key, Type::kBool)) out = v->boolean();
}

void Members::count(const char* key, std::int64_t& out) {
  const auto v = get(key, Type::kNumber);
  if (!v) return;
  const auto i = v->integer();
  if (!i || *i < 0) return fail(key, "is not a whole number from 0");
  out = *i;
}

void Members::seed(const char* key, std::uint64_t& out) {
  const auto v = get(key, Type::kNumber);
  if (!v) return;
  const auto u = v->unsigned_integer();
  if (!u) return fail(key, "is not a whole number from 0");
  out = *u;
}

std::optional<json::Value> Members::get(const char* key, Type type) {
  const auto v = object_.find(key);
  if (!v || v->is(Type::kNull)) return std::nullopt;
  if (v->is(type)) return v;
  fail(key, std::string("is ") + json::name(v->type()) + "; expected " + json::name(type));
  return std::nullopt;
}

void Members::fail(const char* key, const std::string& what) {
  if (!error_) error_ = make_error(Exit::kInput, reason_, "\"" + path_ + key + "\" " + what);
}

}  // namespace rm::records
