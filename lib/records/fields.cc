#include "lib/records/fields.h"

#include "lib/base/escape.h"
#include "lib/base/limits.h"
#include "lib/base/number.h"

namespace rm::records {
namespace {

using json::Type;
using json::Value;

constexpr std::size_t kNameShown = 60;
constexpr std::size_t kKeysShown = 12;
constexpr std::string_view kMappable[] = {"prompt",   "question", "instruction", "chosen",     "rejected",
                                          "answer_a", "answer_b", "response_a",  "response_b", "responses",
                                          "response", "answer",   "completion",  "winner",     "context_messages"};

std::string quote(std::string_view name) { return '"' + escape_text(name, kNameShown) + '"'; }

std::optional<Value> follow(Value v, const std::vector<std::string>& path) {
  for (const std::string& key : path) {
    std::optional<Value> next;
    if (v.is(Type::kObject)) {
      next = v.find(key);
    } else if (const auto index = parse_unsigned(key); index && v.is(Type::kArray) && *index < v.size()) {
      next = v.items()[*index];
    }
    if (!next) return std::nullopt;
    v = *next;
  }
  return v;
}

std::string shown_path(const std::vector<std::string>& path) {
  std::string out;
  for (const std::string& key : path) out += "." + key;
  return out;
}

Result<Message> read_message(const Value& v, const std::string& name) {
  if (!v.is(Type::kObject))
    return record_error("wrong_type", name + " is " + json::name(v.type()) + "; expected a message {role, content}");
  auto role = v.find("role"), content = v.find("content");
  const bool from_value = !role && !content;
  if (from_value) role = v.find("from"), content = v.find("value");
  if (!role) return record_error("missing_field", name + " has no \"role\"");
  if (!content) return record_error("missing_field", name + " has no " + (from_value ? "\"value\"" : "\"content\""));
  if (!role->string())
    return record_error("wrong_type", name + ": the role is " + json::name(role->type()) + "; expected a string");
  if (!content->string()) {
    return record_error("wrong_type", name + ": the content is " + json::name(content->type()) + "; expected a string");
  }
  std::string_view r = *role->string();
  if (r == "human") r = "user";
  if (r == "gpt") r = "assistant";
  if (r != "system" && r != "user" && r != "assistant") {
    return record_error("bad_role", name + ": unknown role " + quote(r) + "; expected system, user or assistant");
  }
  return Message{std::string(r), std::string(*content->string())};
}

}  // namespace

Error record_error(std::string reason, std::string message) {
  return make_error(Exit::kInput, std::move(reason), std::move(message));
}

Error wrong_type(const Found& f, const char* expected) {
  return record_error("wrong_type", f.name + " is " + json::name(f.value.type()) + "; expected " + expected);
}

std::optional<Found> FieldFinder::find(std::string_view name) const {
  const auto mapped = map_.find(std::string(name));
  const auto v = mapped == map_.end() ? record_.find(name) : follow(record_, mapped->second);
  if (!v || v->is(Type::kNull)) return std::nullopt;
  return Found{mapped == map_.end() ? quote(name) : quote(shown_path(mapped->second)), *v};
}

std::optional<Found> FieldFinder::first_of(std::initializer_list<std::string_view> names) const {
  for (const std::string_view name : names) {
    if (auto f = find(name)) return f;
  }
  return std::nullopt;
}

std::string FieldFinder::seen() const {
  std::string out;
  std::size_t n = 0;
  record_.each_member([&](std::string_view key, Value) {
    if (++n <= kKeysShown) out += (n > 1 ? ", " : "") + escape_text(key, kNameShown);
  });
  if (n > kKeysShown) out += ", ... (" + std::to_string(n) + ")";
  return out.empty() ? "none" : out;
}

Result<std::vector<Message>> read_messages(const Found& f) {
  if (!f.value.is(Type::kArray)) return wrong_type(f, "a list of messages");
  const std::size_t n = f.value.size();
  if (n == 0) return record_error("empty", f.name + " has no messages");
  if (n >= limits::kTurns) {
    return record_error("too_many_turns", f.name + " has " + format_grouped(n) + " messages; fewer than " +
                                              format_grouped(limits::kTurns) + " are read");
  }
  std::vector<Message> out;
  out.reserve(n);
  for (const Value& item : f.value.items()) {
    RM_ASSIGN(Message m, read_message(item, f.name + "[" + std::to_string(out.size()) + "]"));
    out.push_back(std::move(m));
  }
  return out;
}

Result<std::vector<Message>> read_turns(const Found& f, const char* role) {
  if (f.value.is(Type::kArray)) return read_messages(f);
  const auto text = f.value.string();
  if (!text) return wrong_type(f, "a string or a list of messages");
  if (text->empty()) return record_error("empty", f.name + " is empty");
  return std::vector<Message>{{role, std::string(*text)}};
}

Result<FieldMap> parse_field_map(std::string_view flag) {
  FieldMap out;
  auto bad = [](std::string message) { return make_error(Exit::kUsage, "bad_map", std::move(message), "--map"); };
  while (!flag.empty()) {
    const auto comma = flag.find(',');
    const std::string_view part = flag.substr(0, comma);
    flag = comma == flag.npos ? std::string_view() : flag.substr(comma + 1);
    const auto equals = part.find('=');
    if (equals == part.npos) return bad(quote(part) + " is not NAME=.PATH");
    const std::string_view name = part.substr(0, equals);
    bool known = false;
    std::string names;
    for (const std::string_view k : kMappable) {
      known = known || k == name;
      names += (names.empty() ? "" : ", ") + std::string(k);
    }
    if (!known) return bad(quote(name) + " is no field of ours; expected one of " + names);
    std::string_view path = part.substr(equals + 1);
    if (!path.empty() && path.front() == '.') path.remove_prefix(1);
    std::vector<std::string> keys;
    for (bool more = true; more;) {
      const auto dot = path.find('.');
      keys.emplace_back(path.substr(0, dot));
      if (keys.back().empty()) return bad(quote(part) + ": the path has an empty key");
      more = dot != path.npos;
      if (more) path.remove_prefix(dot + 1);
    }
    if (!out.emplace(std::string(name), std::move(keys)).second) return bad(quote(name) + " is given twice");
  }
  return out;
}

std::optional<Found> prompt_field(const FieldFinder& f) { return f.first_of({"prompt", "question", "instruction"}); }

Error missing_field(const FieldFinder& f, const char* there, const char* absent) {
  return record_error("missing_field", std::string("the record has ") + there + " but no " + absent +
                                           " (fields seen: " + f.seen() + ")");
}

Result<void> check_prompt(const std::vector<Message>& turns, const std::string& name) {
  if (turns.back().role != "user")
    return record_error("bad_role", name + " ends in a turn of the " + turns.back().role + "; expected the user");
  if (turns.back().content.empty()) return record_error("empty", name + " ends in an empty turn");
  return {};
}

Result<std::vector<Message>> read_prompt(const Found& f) {
  RM_ASSIGN(std::vector<Message> turns, read_turns(f, "user"));
  RM_TRY(check_prompt(turns, f.name));
  return turns;
}

Result<void> check_answer(const std::vector<Message>& turns, const std::string& name) {
  if (turns.empty()) return record_error("empty", name + " holds no answer after the prompt");
  if (turns.front().role != "assistant") {
    return record_error("bad_role",
                        name + " begins with a turn of the " + turns.front().role + " where the answer was expected");
  }
  if (turns.back().role != "assistant") {
    return record_error("bad_role", name + " ends in a turn of the " + turns.back().role + "; expected the assistant");
  }
  if (turns.back().content.empty()) return record_error("empty", name + " ends in an empty answer");
  return {};
}

Result<std::vector<Message>> read_answer(const Found& f) {
  RM_ASSIGN(std::vector<Message> turns, read_turns(f, "assistant"));
  RM_TRY(check_answer(turns, f.name));
  return turns;
}

}  // namespace rm::records
