#include "lib/weightfile/fields.h"

#include "lib/base/escape.h"

namespace rm::weightfile {

std::string shown(const json::Value& v) {
  if (v.is(json::Type::kObject) || v.is(json::Type::kArray)) return json::name(v.type());
  return escape_text(v.dump(), 80);
}

Result<json::Value> parse_object(json::Document& doc, std::string_view text, const std::string& file) {
  auto v = doc.parse(text);
  if (!v) {
    Error e = v.error();
    e.exit = Exit::kModel;
    e.where = e.where.empty() ? file : file + ": " + e.where;
    return e;
  }
  if (!v->is(json::Type::kObject))
    return make_error(Exit::kModel, "bad_json",
                      std::string("the file is ") + json::name(v->type()) + "; expected an object", file);
  return v;
}

std::optional<json::Value> Fields::find(std::string_view key) const {
  auto v = object_.find(key);
  if (v && v->is(json::Type::kNull)) return std::nullopt;
  return v;
}

void Fields::refuse(std::string_view key, const std::string& message) {
  if (!error_) error_ = make_error(Exit::kModel, "bad_config", "\"" + path_ + std::string(key) + "\" " + message);
}

void Fields::expected(std::string_view key, const char* what, const std::optional<json::Value>& got) {
  refuse(key, (got ? "is " + shown(*got) : std::string("is missing")) + "; expected " + what);
}

std::int64_t Fields::integer(std::string_view key, std::optional<std::int64_t> fallback) {
  const auto v = find(key);
  if (!v && fallback) return *fallback;
  if (v) {
    if (const auto i = v->integer()) return *i;
  }
  expected(key, "an integer", v);
  return fallback.value_or(0);
}

double Fields::number(std::string_view key, std::optional<double> fallback) {
  const auto v = find(key);
  if (!v && fallback) return *fallback;
  if (v) {
    if (const auto d = v->number()) return *d;
  }
  expected(key, "a number", v);
  return fallback.value_or(0);
}

bool Fields::boolean(std::string_view key, bool fallback) {
  const auto v = find(key);
  if (!v) return fallback;
  if (const auto b = v->boolean()) return *b;
  expected(key, "true or false", v);
  return fallback;
}

std::string Fields::text(std::string_view key, std::optional<std::string> fallback) {
  const auto v = find(key);
  if (!v && fallback) return *fallback;
  if (v) {
    if (const auto s = v->string()) return std::string(*s);
  }
  expected(key, "a string", v);
  return fallback.value_or("");
}

std::vector<std::string> Fields::texts(std::string_view key) {
  std::vector<std::string> out;
  const auto v = find(key);
  if (!v) return out;
  if (!v->is(json::Type::kArray)) {
    expected(key, "a list of strings", v);
    return out;
  }
  v->each_item([&](std::size_t, json::Value item) {
    if (const auto s = item.string())
      out.emplace_back(*s);
    else
      expected(key, "a list of strings", v);
  });
  return out;
}

Fields Fields::object(std::string_view key) const {
  return Fields(find(key).value_or(object_), path_ + std::string(key) + ".");
}

void Fields::keep(const Result<void>& r) {
  if (!error_ && !r) error_ = r.error();
}

Result<void> Fields::status() const {
  if (error_) return *error_;
  return {};
}

}  // namespace rm::weightfile
