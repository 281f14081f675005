#include "lib/records/lesson.h"

#include "lib/base/escape.h"
#include "lib/records/chain.h"
#include "lib/records/failure.h"
#include "lib/records/fields.h"
#include "lib/text/utf8.h"

namespace rm::records {
namespace {

constexpr std::size_t kLongestLabel = 16;  // a `winner` longer than "model_a" is no label but a response

std::optional<char> letter(std::string_view label) {
  if (label == "a" || label == "A" || label == "model_a") return 'A';
  if (label == "b" || label == "B" || label == "model_b") return 'B';
  return std::nullopt;
}

Result<std::string> response_text(const Found& f) {
  if (const auto text = f.value.string()) return std::string(*text);
  if (!f.value.is(json::Type::kArray)) return wrong_type(f, "a string, or a list of one message of the assistant");
  RM_ASSIGN(std::vector<Message> turns, read_messages(f));
  RM_TRY(check_answer(turns, f.name));
  if (turns.size() > 1) {
    return record_error("bad_role", f.name + " holds " + std::to_string(turns.size()) +
                                        " turns; expected the response alone, the turns before it in the prompt");
  }
  return std::move(turns.front().content);
}

Result<Lesson> read_kept(const json::Value& record) {
  RM_ASSIGN(ChainRecord r, read_chain(record));
  if (r.chain.status != ChainStatus::kKept) {
    return record_error("not_kept", std::string("the chain was not kept: ") + name(r.chain.status) + ", " +
                                        escape_text(r.chain.reason, 40));
  }
  return Lesson{std::move(r.messages), *std::move(r.response), r.chain.verdict};
}

// {messages} and {messages, response}.
Result<Lesson> read_messages_shape(const Found& messages, const std::optional<Found>& response) {
  Lesson out;
  RM_ASSIGN(out.messages, read_messages(messages));
  if (response) {
    RM_ASSIGN(out.response, response_text(*response));
  } else if (out.messages.back().role != "assistant") {
    return record_error("no_response", messages.name + " ends in a turn of the " + out.messages.back().role +
                                           " and there is no \"response\"");
  } else {
    out.response = std::move(out.messages.back().content);
    out.messages.pop_back();
    if (out.messages.empty()) return record_error("empty", messages.name + " holds a response and no prompt");
  }
  RM_TRY(check_prompt(out.messages, messages.name));
  return out;
}

// {context_messages, sft_response} and {context_messages, winner}, the response in a long winner.
Result<Lesson> read_context_shape(const FieldFinder& f, const Found& context) {
  Lesson out;
  RM_ASSIGN(out.messages, read_prompt(context));
  const auto winner = f.find("winner");
  const auto label = winner ? winner->value.string() : std::nullopt;
  if (const auto response = f.find("sft_response")) {
    RM_ASSIGN(out.response, response_text(*response));
    if (label) out.verdict = letter(*label);
    return out;
  }
  if (!winner || (label && label->size() <= kLongestLabel)) {
    return record_error("no_response", "the record has " + context.name +
                                           " but neither \"sft_response\" nor a response in \"winner\" (fields seen: " +
                                           f.seen() + ")");
  }
  RM_ASSIGN(out.response, response_text(*winner));
  return out;
}

Result<Lesson> read_shape(const json::Value& record, const FieldMap& map) {
  if (has_chain(record)) return read_kept(record);
  if (const auto error = stored_error(record)) {
    return record_error("not_kept", "the record is a failure of an earlier step: " + escape_text(error->code, 40));
  }
  const FieldFinder f(record, map);
  if (const auto messages = f.find("messages")) return read_messages_shape(*messages, f.find("response"));
  if (const auto context = f.find("context_messages")) return read_context_shape(f, *context);
  return record_error("no_response", "the record is no chain (fields seen: " + f.seen() +
                                         "); expected one that rm-distill teach wrote, {messages}, {messages, "
                                         "response} or {context_messages, sft_response}");
}

}  // namespace

Result<Lesson> read_lesson(const json::Value& record, const FieldMap& map) {
  RM_ASSIGN(Lesson out, read_shape(record, map));
  if (text::strip_white(out.response).empty()) return record_error("empty", "the response is empty");
  return out;
}

}  // namespace rm::records
