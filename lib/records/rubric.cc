#include "lib/records/rubric.h"

#include <utility>

#include "lib/base/limits.h"
#include "lib/records/members.h"

namespace rm::records {
namespace {

using json::Type;
using json::Value;

constexpr const char* kReason = "bad_rubric";

Error bad(const std::string& field, const std::string& what) {
  return make_error(Exit::kInput, kReason, "\"" + field + "\" " + what);
}

Error wrong_type(const std::string& field, const Value& v, const char* expected) {
  return bad(field, std::string("is ") + json::name(v.type()) + "; expected " + expected);
}

Result<std::vector<Value>> list(Members& m, const char* key) {
  const auto v = m.get(key, Type::kArray);
  if (v && v->size() > limits::kTurns) m.fail(key, "has more entries than are read");
  if (m.error()) return *m.error();
  return v ? v->items() : std::vector<Value>{};
}

Result<Criterion> read_criterion(const Value& v, const std::string& path) {
  if (!v.is(Type::kObject)) return wrong_type(path, v, "an object");
  Criterion c;
  Members m(v, path + ".", kReason);
  m.text("name", c.name);
  m.text("description", c.description);
  if (m.error()) return *m.error();
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
  write_usage(w, s.prompt_tokens, s.completion_tokens);
  w.member("model", std::string_view(s.model)).member("prompt_id", std::string_view(s.prompt_id));
  w.member("seed", s.seed).end_object();
}

Result<Rubric> read_rubric(const Value& v) {
  if (!v.is(Type::kObject)) return wrong_type("rubric", v, "an object");
  Rubric r;
  Members m(v, "rubric.", kReason);
  std::string type;
  m.text("type", type);
  m.text("justify", r.justify);
  m.text("solution", r.solution);
  if (m.error()) return *m.error();
  if (!type.empty() && type != "chat" && type != "reasoning")
    return bad("rubric.type", "is neither \"chat\" nor \"reasoning\" nor null");
  if (!type.empty()) r.type = std::move(type);
  RM_ASSIGN(const std::vector<Value> criteria, list(m, "criteria"));
  for (const Value& item : criteria) {
    RM_ASSIGN(Criterion c, read_criterion(item, "rubric.criteria[" + std::to_string(r.criteria.size()) + "]"));
    r.criteria.push_back(std::move(c));
  }
  RM_ASSIGN(const std::vector<Value> unread, list(m, "unread"));
  for (const Value& item : unread) {
    if (!item.is(Type::kObject)) return wrong_type("rubric.unread", item, "a list of objects");
    Unread& u = r.unread.emplace_back();
    Members of(item, "rubric.unread.", kReason);
    of.text("what", u.what);
    of.text("reason", u.reason);
    of.text("name", u.name);
    of.text("text", u.text);
    if (of.error()) return *of.error();
  }
  return r;
}

Result<Rubric> rubric_of(const Value& record) {
  const auto field = record.find("rubric");
  if (field && !field->is(Type::kNull)) return read_rubric(*field);
  return make_error(Exit::kInput, "no_rubric", "the record has no \"rubric\"; rm-rubric extract or generate adds one");
}

}  // namespace rm::records
