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

void Members::usage(std::int64_t& prompt_tokens, std::int64_t& completion_tokens) {
  const auto usage = get("usage", json::Type::kObject);
  if (!usage) return;
  Members u(*usage, path_ + "usage.", reason_);
  u.count("prompt_tokens", prompt_tokens);
  u.count("completion_tokens", completion_tokens);
  if (u.error() && !error_) error_ = u.error();
}

void write_usage(json::Writer& w, std::int64_t prompt_tokens, std::int64_t completion_tokens) {
  w.key("usage").begin_object().member("prompt_tokens", prompt_tokens);
  w.member("completion_tokens", completion_tokens).end_object();
}

}  // namespace rm::records
