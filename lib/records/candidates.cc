#include "lib/records/candidates.h"

#include <optional>
#include <utility>

#include "lib/records/fields.h"

namespace rm::records {
namespace {

using json::Type;
using json::Value;

Result<void> append_responses(const Found& list, std::size_t at_least, Candidates& out) {
  if (!list.value.is(Type::kArray)) return wrong_type(list, "a list of answers");
  if (list.value.size() < at_least) {
    return record_error("empty", list.name + (at_least > 1 ? " holds fewer than two answers" : " holds no answers"));
  }
  std::size_t i = 0;
  for (const Value& item : list.value.items()) {
    RM_ASSIGN(auto turns, read_answer({list.name + "[" + std::to_string(i++) + "]", item}));
    out.responses.push_back(std::move(turns));
  }
  return {};
}

Result<Candidates> with_prompt(const FieldFinder& f, const char* there) {
  const auto prompt = prompt_field(f);
  if (!prompt) return missing_field(f, there, "prompt, question or instruction");
  Candidates out;
  RM_ASSIGN(out.prompt, read_prompt(*prompt));
  return out;
}

// A list of texts, not one conversation: [text, ...].
bool is_text_list(const std::optional<Found>& f) {
  if (!f || !f->value.is(Type::kArray) || f->value.size() == 0) return false;
  return f->value.items().front().is(Type::kString);
}

// {prompt, chosen: [text...], rejected: [text...]}, as RewardBench 2 has it; empty: another shape.
Result<std::optional<Candidates>> read_text_lists(const FieldFinder& f) {
  const auto chosen = f.find("chosen"), rejected = f.find("rejected");
  if (!is_text_list(chosen) || !is_text_list(rejected)) return std::optional<Candidates>();
  RM_ASSIGN(Candidates out, with_prompt(f, "chosen and rejected"));
  RM_TRY(append_responses(*chosen, 1, out));
  out.right = out.responses.size();
  RM_TRY(append_responses(*rejected, 1, out));
  return std::optional(std::move(out));
}

}  // namespace

Pair Candidates::pair(std::size_t first, std::size_t second) const {
  Pair p;
  p.prompt = prompt;
  p.answer = {responses[first], responses[second]};
  p.same_answers = p.answer[0] == p.answer[1];
  p.rubric = rubric;
  return p;
}

Result<std::vector<Message>> read_question(const Value& record, const FieldMap& map) {
  const FieldFinder f(record, map);
  if (const auto prompt = prompt_field(f)) return read_prompt(*prompt);
  return record_error("no_shape", "the record has no prompt, question or instruction (fields seen: " + f.seen() + ")");
}

bool is_ranking(const Value& record, const FieldMap& map) {
  const FieldFinder f(record, map);
  const auto chosen = f.find("chosen"), rejected = f.find("rejected");
  if (is_text_list(chosen) && is_text_list(rejected)) return true;
  if ((chosen && rejected) || f.first_of({"answer_a", "response_a"})) return false;
  const auto responses = f.find("responses");
  return responses && responses->value.is(Type::kArray) && responses->value.size() > 2;
}

Result<Candidates> read_candidates(const Value& record, const FieldMap& map) {
  const FieldFinder f(record, map);
  RM_ASSIGN(auto lists, read_text_lists(f));
  if (lists) return *std::move(lists);
  const auto responses = f.find("responses");
  if (!responses) return record_error("missing_field", "the record has no responses (fields seen: " + f.seen() + ")");
  RM_ASSIGN(Candidates out, with_prompt(f, "responses"));
  RM_TRY(append_responses(*responses, 2, out));
  return out;
}

Result<Candidates> read_answers(const Value& record, const FieldMap& map) {
  const FieldFinder f(record, map);
  RM_ASSIGN(auto lists, read_text_lists(f));
  if (lists) return *std::move(lists);
  if (const auto responses = f.find("responses")) {
    RM_ASSIGN(Candidates out, with_prompt(f, "responses"));
    RM_TRY(append_responses(*responses, 1, out));
    return out;
  }
  if (const auto one = f.first_of({"response", "answer", "completion"})) {
    RM_ASSIGN(Candidates out, with_prompt(f, "an answer"));
    RM_ASSIGN(auto turns, read_answer(*one));
    out.responses.push_back(std::move(turns));
    return out;
  }
  RM_ASSIGN(Pair p, read_pair(record, map));
  if (p.rendered)
    return record_error("rendered_order",
                        "the record holds a rendered prompt; its answers cannot be rated on their own");
  return Candidates{std::move(p.prompt), {std::move(p.answer[0]), std::move(p.answer[1])}, 0, {}};
}

}  // namespace rm::records
