#include "lib/records/pair.h"

#include <algorithm>

#include "lib/base/escape.h"
#include "lib/base/limits.h"
#include "lib/records/candidates.h"
#include "lib/records/fields.h"

namespace rm::records {
namespace {

using json::Type;
using json::Value;
using Turns = std::vector<Message>;

constexpr const char* kShapes =
    "expected {prompt, chosen, rejected}, {chosen, rejected} as conversations, {question, answer_a, answer_b}, "
    "{prompt, responses} or {context_messages, winner}; --map names other fields";

Result<std::optional<Label>> read_label(const FieldFinder& f) {
  const auto winner = f.find("winner");
  if (!winner) return std::optional<Label>();
  const auto text = winner->value.string();
  if (!text) return wrong_type(*winner, "a string: a, b or tie");
  const std::string_view w = *text;
  if (w == "a" || w == "A" || w == "model_a") return std::optional<Label>(Label::kFirst);
  if (w == "b" || w == "B" || w == "model_b") return std::optional<Label>(Label::kSecond);
  if (w == "tie") return std::optional<Label>(Label::kTie);
  return record_error(
      "bad_label", winner->name + " is \"" + escape_text(w, 40) + "\"; expected a, b, A, B, model_a, model_b or tie");
}

// Two whole conversations: what they share up to a user's turn is the prompt.
Result<void> part(Turns first, Turns second, const Found& a, const Found& b, Pair& out) {
  const std::size_t most = std::min(first.size(), second.size());
  std::size_t shared = 0;
  while (shared < most && first[shared] == second[shared]) ++shared;
  while (shared > 0 && first[shared - 1].role != "user") --shared;
  if (shared == 0) {
    return record_error("missing_field", a.name + " and " + b.name +
                                             " share no prompt: their first turns differ and there is no \"prompt\"");
  }
  out.prompt.assign(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(shared));
  first.erase(first.begin(), first.begin() + static_cast<std::ptrdiff_t>(shared));
  second.erase(second.begin(), second.begin() + static_cast<std::ptrdiff_t>(shared));
  RM_TRY(check_prompt(out.prompt, a.name));
  RM_TRY(check_answer(first, a.name));
  RM_TRY(check_answer(second, b.name));
  out.answer = {std::move(first), std::move(second)};
  return {};
}

// Whether a prompt given beside whole conversations says the same as their beginning.
bool agrees(const Turns& given, const Turns& shared) {
  if (given.size() == 1) {
    return std::any_of(shared.begin(), shared.end(), [&](const Message& m) { return m == given.front(); });
  }
  return given == shared;
}

Result<Pair> read_chosen_rejected(const FieldFinder& f, const Found& chosen, const Found& rejected) {
  Pair out;
  out.naming = Naming::kChosenRejected;
  out.label = Label::kFirst;
  const auto prompt = prompt_field(f);
  if (chosen.value.type() != rejected.value.type()) {
    return record_error("wrong_type", chosen.name + " is " + json::name(chosen.value.type()) + " but " + rejected.name +
                                          " is " + json::name(rejected.value.type()) +
                                          "; expected two strings or two lists of messages");
  }
  RM_ASSIGN(Turns first, read_turns(chosen, "assistant"));
  RM_ASSIGN(Turns second, read_turns(rejected, "assistant"));
  const bool conversations = first.front().role != "assistant" && second.front().role != "assistant";
  if (!prompt && !conversations) return missing_field(f, "chosen and rejected", "prompt");
  if (!conversations) {
    RM_ASSIGN(out.prompt, read_prompt(*prompt));
    RM_TRY(check_answer(first, chosen.name));
    RM_TRY(check_answer(second, rejected.name));
    out.answer = {std::move(first), std::move(second)};
    return out;
  }
  RM_TRY(part(std::move(first), std::move(second), chosen, rejected, out));
  if (prompt) {
    RM_ASSIGN(const Turns given, read_prompt(*prompt));
    if (!agrees(given, out.prompt)) {
      return record_error("bad_prompt", prompt->name + " is not how the conversations in " + chosen.name + " and " +
                                            rejected.name + " begin");
    }
  }
  return out;
}

Result<Pair> read_two(const FieldFinder& f, const Found& a, const Found& b) {
  const auto prompt = prompt_field(f);
  if (!prompt) return missing_field(f, "two answers", "question, prompt or instruction");
  Pair out;
  RM_ASSIGN(out.prompt, read_prompt(*prompt));
  RM_ASSIGN(out.answer[0], read_answer(a));
  RM_ASSIGN(out.answer[1], read_answer(b));
  RM_ASSIGN(out.label, read_label(f));
  return out;
}

Result<Pair> read_responses(const FieldFinder& f, const FieldMap& map, const Value& record) {
  RM_ASSIGN(Candidates c, read_candidates(record, map));
  if (c.responses.size() != 2) {
    return record_error("no_shape",
                        "\"responses\" holds " + std::to_string(c.responses.size()) + " answers; a pair has two");
  }
  Pair out;
  out.prompt = std::move(c.prompt);
  out.answer = {std::move(c.responses[0]), std::move(c.responses[1])};
  RM_ASSIGN(out.label, read_label(f));
  return out;
}

Result<Pair> read_rendered(const FieldFinder& f, const Found& context) {
  Pair out;
  out.rendered = true;
  RM_ASSIGN(out.prompt, read_messages(context));
  RM_TRY(check_prompt(out.prompt, context.name));
  RM_ASSIGN(out.label, read_label(f));
  return out;
}

Result<Pair> read_shape(const Value& record, const FieldMap& map) {
  const FieldFinder f(record, map);
  const auto chosen = f.find("chosen"), rejected = f.find("rejected");
  if (chosen && rejected) return read_chosen_rejected(f, *chosen, *rejected);
  const auto a = f.first_of({"answer_a", "response_a"}), b = f.first_of({"answer_b", "response_b"});
  if (a && b) return read_two(f, *a, *b);
  if (f.find("responses")) return read_responses(f, map, record);
  if (const auto context = f.find("context_messages")) return read_rendered(f, *context);
  if (chosen) return missing_field(f, "chosen", "rejected");
  if (rejected) return missing_field(f, "rejected", "chosen");
  if (a) return missing_field(f, "answer_a", "answer_b");
  if (b) return missing_field(f, "answer_b", "answer_a");
  return record_error("no_shape", "the record is no pair (fields seen: " + f.seen() + "); " + kShapes);
}

}  // namespace

Result<Pair> read_pair(const Value& record, const FieldMap& map) {
  RM_ASSIGN(Pair out, read_shape(record, map));
  out.same_answers = !out.rendered && out.answer[0] == out.answer[1];
  return out;
}

}  // namespace rm::records
