#include "lib/records/chain.h"

#include <array>

#include "lib/records/fields.h"
#include "lib/records/members.h"

namespace rm::records {
namespace {

using json::Type;
using json::Value;

constexpr const char* kReason = "bad_chain";
constexpr std::array kStatuses{ChainStatus::kKept, ChainStatus::kWrong, ChainStatus::kLeak, ChainStatus::kFailed};

void write_chain(json::Writer& w, const Chain& c) {
  w.begin_object().member("status", name(c.status)).member("reason", std::string_view(c.reason));
  w.member("pass", c.pass).member("teacher", std::string_view(c.teacher));
  w.member("verdict", std::string_view(&c.verdict, 1)).member("filter", std::string_view(c.filter));
  w.member("prompt_id", std::string_view(c.prompt_id)).member("seed", c.seed);
  write_usage(w, c.prompt_tokens, c.completion_tokens);
  if (!c.reasoning.empty()) w.member("reasoning", std::string_view(c.reasoning));
  if (c.wrong_response) w.member("wrong_response", std::string_view(*c.wrong_response));
  if (c.second_response) w.member("second_response", std::string_view(*c.second_response));
  if (c.told_by) w.member("told_by", std::string_view(*c.told_by));
  w.end_object();
}

Result<Chain> read_chain_object(const Value& v) {
  Chain c;
  Members m(v, "chain.", kReason);
  std::string status, verdict;
  std::int64_t pass = 0;
  m.text("status", status);
  m.text("reason", c.reason);
  m.count("pass", pass);
  m.text("teacher", c.teacher);
  m.text("verdict", verdict);
  m.text("filter", c.filter);
  m.text("prompt_id", c.prompt_id);
  m.seed("seed", c.seed);
  m.text("reasoning", c.reasoning);
  m.text("wrong_response", c.wrong_response);
  m.text("second_response", c.second_response);
  m.text("told_by", c.told_by);
  bool known = false;
  for (const ChainStatus s : kStatuses) {
    if (status == name(s)) c.status = s, known = true;
  }
  if (!known) m.fail("status", "is none of \"kept\", \"wrong\", \"leak\", \"failed\"");
  if (pass != 1 && pass != 2) m.fail("pass", "is neither 1 nor 2");
  if (verdict != "A" && verdict != "B") m.fail("verdict", "is neither \"A\" nor \"B\"");
  c.pass = static_cast<int>(pass);
  if (!verdict.empty()) c.verdict = verdict[0];
  m.usage(c.prompt_tokens, c.completion_tokens);
  if (m.error()) return *m.error();
  return c;
}

}  // namespace

const char* name(ChainStatus s) {
  switch (s) {
    case ChainStatus::kKept:
      return "kept";
    case ChainStatus::kWrong:
      return "wrong";
    case ChainStatus::kLeak:
      return "leak";
    case ChainStatus::kFailed:
      return "failed";
  }
  return "";
}

std::span<const std::string_view> own_chain_fields() {
  static constexpr std::array<std::string_view, 4> kNames{"messages", "response", "chain", "error"};
  return kNames;
}

std::span<const std::string_view> chain_names() { return own_chain_fields().first(3); }

std::string chain_record(std::string_view line, const ChainRecord& r, bool messages) {
  static constexpr std::array<std::string_view, 2> kDrop{"response", "error"};
  return splice(line, chain_fields(r, messages), kDrop);
}

bool has_chain(const json::Value& record) { return record.find("chain").has_value(); }

std::vector<Field> chain_fields(const ChainRecord& r, bool messages) {
  std::vector<Field> out;
  if (messages) {
    json::Writer w(out.emplace_back(Field{"messages", {}}).json);
    w.begin_array();
    for (const text::Message& m : r.messages) {
      w.begin_object().member("role", std::string_view(m.role)).member("content", std::string_view(m.content));
      w.end_object();
    }
    w.end_array();
  }
  if (r.response) json::append_string(out.emplace_back(Field{"response", {}}).json, *r.response);
  json::Writer w(out.emplace_back(Field{"chain", {}}).json);
  write_chain(w, r.chain);
  return out;
}

Result<ChainRecord> read_chain(const json::Value& record) {
  const auto messages = record.find("messages"), chain = record.find("chain");
  if (!chain || !messages) {
    return make_error(Exit::kInput, "missing_field",
                      std::string("\"") + (chain ? "messages" : "chain") +
                          "\" is missing; expected a record that rm-distill teach wrote");
  }
  if (!chain->is(Type::kObject)) {
    return make_error(Exit::kInput, kReason,
                      std::string("\"chain\" is ") + json::name(chain->type()) + "; expected an object");
  }
  ChainRecord r;
  RM_ASSIGN(r.messages, read_messages({"\"messages\"", *messages}));
  RM_TRY(check_prompt(r.messages, "\"messages\""));
  Members m(record, "", kReason);
  m.text("response", r.response);
  if (m.error()) return *m.error();
  RM_ASSIGN(r.chain, read_chain_object(*chain));
  if (r.chain.status == ChainStatus::kKept && !r.response)
    return make_error(Exit::kInput, kReason, "\"chain.status\" is \"kept\" but there is no \"response\"");
  return r;
}

}  // namespace rm::records
