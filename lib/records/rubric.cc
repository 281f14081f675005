#include "lib/records/rubric.h"

#include <utility>

#include "lib/base/limits.h"

namespace rm::records {
namespace {

using json::Type;
using json::Value;

Error bad(const std::string& field, const std::string& what) {
  return make_error(Exit::kInput, "bad_rubric", "\"" + field + "\" " + what);
}

Error wrong_type(const std::string& field, const Value& v, const char* expected) {
  return bad(field, std::string("is ") + json::name(v.type()) + "; expected " + expected);
}

// The text of a field; one that is not there or null leaves `out` as it was.
Result<void> text(const Value& object, const std::string& path, const char* key, std::string& out) {
  const auto v = object.find(key);
  if (!v || v->is(Type::kNull)) return {};
  if (!v->string()) return wrong_type(path + key, *v, "a string");
  out = std::string(*v->string());
  return {};
}

Result<std::vector<Value>> list(const Value& object, const char* key) {
  const auto v = object.find(key);
  if (!v || v->is(Type::kNull)) return std::vector<Value>{};
  if (!v->is(Type::kArray)) return wrong_type(std::string("rubric.") + key, *v, "a list");
  if (v->size() > limits::kTurns) return bad(std::string("rubric.") + key, "has more entries than are read");
  return v->items();
}

Result<Criterion> read_criterion(const Value& v, const std::string& path) {
  if (!v.is(Type::kObject)) return wrong_type(path, v, "an object");
  Criterion c;
  RM_TRY(text(v, path + ".", "name", c.name));
  RM_TRY(text(v, path + ".", "description", c.description));
  if (c.name.empty()) return bad(path + ".name", "is missing; every criterion has a name");
  const auto weight = v.find("weight");
  if (!weight || weight->is(Type::kNull)) return c;
  c.weight = weight->number();
  if (!c.weight) return wrong_type(path + ".weight", *weight, "a number from 0 to 1, or null");
  if (*c.weight < 0 || *c.weight > 1) return bad(path + ".weight", "lies outside 0 to 1; write 40 % as 0.4");
  return c;
}

}  // namespace

void write_rubric(json::Writer& w, const Rubric& r) {
  w.begin_object().key("type");
  r.type ? w.value(std::string_view(*r.type)) : w.null();
  w.key("criteria").begin_array();
  for (const Criterion& c : r.criteria) {
    w.begin_object().member("name", std::string_view(c.name)).member("weight", c.weight);
    w.member("description", std::string_view(c.description)).end_object();
  }
  w.end_array().member("justify", std::string_view(r.justify)).member("solution", std::string_view(r.solution));
  if (!r.unread.empty()) {
    w.key("unread").begin_array();
    for (const Unread& u : r.unread) {
      w.begin_object().member("what", std::string_view(u.what)).member("reason", std::string_view(u.reason));
      if (!u.name.empty()) w.member("name", std::string_view(u.name));
      if (!u.text.empty()) w.member("text", std::string_view(u.text));
      w.end_object();
    }
    w.end_array();
  }
  w.end_object();
}

void write_rubric_source(json::Writer& w, const RubricSource& s) {
  w.begin_object().member("text", std::string_view(s.text)).member("reasoning", std::string_view(s.reasoning));
  w.member("finish_reason", std::string_view(s.finish_reason));
  w.key("usage").begin_object().member("prompt_tokens", s.prompt_tokens);
  w.member("completion_tokens", s.completion_tokens).end_object();
  w.member("model", std::string_view(s.model)).member("prompt_id", std::string_view(s.prompt_id));
  w.member("seed", s.seed).end_object();
}

Result<Rubric> read_rubric(const Value& v) {
  if (!v.is(Type::kObject)) return wrong_type("rubric", v, "an object");
  Rubric r;
  std::string type;
  RM_TRY(text(v, "rubric.", "type", type));
  if (!type.empty() && type != "chat" && type != "reasoning")
    return bad("rubric.type", "is neither \"chat\" nor \"reasoning\" nor null");
  if (!type.empty()) r.type = std::move(type);
  RM_TRY(text(v, "rubric.", "justify", r.justify));
  RM_TRY(text(v, "rubric.", "solution", r.solution));
  RM_ASSIGN(const std::vector<Value> criteria, list(v, "criteria"));
  for (const Value& item : criteria) {
    RM_ASSIGN(Criterion c, read_criterion(item, "rubric.criteria[" + std::to_string(r.criteria.size()) + "]"));
    r.criteria.push_back(std::move(c));
  }
  RM_ASSIGN(const std::vector<Value> unread, list(v, "unread"));
  for (const Value& item : unread) {
    if (!item.is(Type::kObject)) return wrong_type("rubric.unread", item, "a list of objects");
    Unread& u = r.unread.emplace_back();
    RM_TRY(text(item, "rubric.unread.", "what", u.what));
    RM_TRY(text(item, "rubric.unread.", "reason", u.reason));
    RM_TRY(text(item, "rubric.unread.", "name", u.name));
    RM_TRY(text(item, "rubric.unread.", "text", u.text));
  }
  return r;
}

Result<Rubric> rubric_of(const Value& record) {
  const auto field = record.find("rubric");
  if (field && !field->is(Type::kNull)) return read_rubric(*field);
  return make_error(Exit::kInput, "no_rubric", "the record has no \"rubric\"; rm-rubric extract or generate adds one");
}

}  // namespace rm::records
