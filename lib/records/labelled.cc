#include "lib/records/labelled.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

#include "lib/records/fields.h"

namespace rm::records {
namespace {

using json::Value;

// Every name under which read_pair() finds a part of a pair: one of them left behind would be read in place of ours.
constexpr std::array<std::string_view, 16> kPairFields{
    "prompt",     "question",  "instruction", "chosen", "rejected",         "answer_a", "answer_b", "response_a",
    "response_b", "responses", "winner",      "error",  "context_messages", "judgment", "warnings", "mix"};
template <std::size_t N>
constexpr auto and_those(const std::array<std::string_view, N>& more) {
  std::array<std::string_view, kPairFields.size() + N> out{};
  std::copy(more.begin(), more.end(), std::copy(kPairFields.begin(), kPairFields.end(), out.begin()));
  return out;
}
constexpr auto kCodeFields = and_those(std::array<std::string_view, 2>{"input", "accepted"});
constexpr auto kMathFields =
    and_those(std::array<std::string_view, 3>{"full_chosen", "full_rejected", "initial_reason_steps"});

Result<std::vector<Message>> one_answer(const Found& f, std::string_view prefix) {
  const auto text = f.value.string();
  if (!text) return wrong_type(f, "a string");
  if (text->empty()) return record_error("empty", f.name + " is empty");
  return std::vector<Message>{{"assistant", std::string(prefix) + std::string(*text)}};
}

Result<Labelled> read_steps(const FieldFinder& f, const Found& better, const Found& worse) {
  const auto prompt = f.find("prompt");
  if (!prompt) return missing_field(f, "full_chosen and full_rejected", "prompt");
  std::string_view prefix;
  if (const auto steps = f.find("initial_reason_steps")) {
    if (!steps->value.string()) return wrong_type(*steps, "a string");
    prefix = *steps->value.string();
  }
  Labelled out;
  out.fields = kMathFields;
  RM_ASSIGN(out.prompt, read_prompt(*prompt));
  RM_ASSIGN(out.better, one_answer(better, prefix));
  RM_ASSIGN(out.worse, one_answer(worse, prefix));
  return out;
}

Result<Labelled> read_accepted(const FieldFinder& f, const Found& better, const Found& worse) {
  auto prompt = f.find("input");
  if (!prompt) prompt = prompt_field(f);
  if (!prompt) return missing_field(f, "accepted and rejected", "input");
  Labelled out;
  out.fields = kCodeFields;
  RM_ASSIGN(out.prompt, read_prompt(*prompt));
  RM_ASSIGN(out.better, read_answer(better));
  RM_ASSIGN(out.worse, read_answer(worse));
  return out;
}

Result<Labelled> from_pair(const Value& record, const FieldMap& map) {
  RM_ASSIGN(Pair p, read_pair(record, map));
  if (p.rendered) return record_error("rendered_order", "the prompt is already rendered; its order cannot be changed");
  if (!p.label) return record_error("no_label", "the record does not say which answer is better (\"winner\")");
  if (*p.label == Label::kTie) return record_error("tied", "the winner is a tie; neither answer is the better one");
  const bool first = *p.label == Label::kFirst;
  return Labelled{std::move(p.prompt), std::move(p.answer[first ? 0 : 1]), std::move(p.answer[first ? 1 : 0]),
                  kPairFields};
}

Result<Labelled> read_published(const Value& record) {
  const FieldMap none;
  const FieldFinder f(record, none);
  const auto full = f.find("full_chosen"), other = f.find("full_rejected");
  if (full && other) return read_steps(f, *full, *other);
  const auto accepted = f.find("accepted"), rejected = f.find("rejected");
  if (accepted && rejected) return read_accepted(f, *accepted, *rejected);
  return from_pair(record, none);
}

}  // namespace

bool lacks_fields(const Error& e) { return e.reason == "no_shape" || e.reason == "missing_field"; }

std::string fields_seen(const Value& record) {
  const FieldMap none;
  return FieldFinder(record, none).seen();
}

Result<Labelled> read_labelled(const Value& record, const FieldMap& map) {
  if (map.empty()) return read_published(record);
  auto mapped = from_pair(record, map);
  if (mapped || !lacks_fields(mapped.error())) return mapped;
  auto plain = read_published(record);
  return plain || !lacks_fields(plain.error()) ? plain : mapped;
}

Result<std::vector<Message>> read_item_prompt(const Value& item) {
  const FieldMap none;
  const FieldFinder f(item, none);
  auto found = prompt_field(f);
  if (!found) found = f.first_of({"conversation_input", "input"});
  if (found) return read_turns(*found, "user");
  RM_ASSIGN(Pair p, read_pair(item, none));
  return std::move(p.prompt);
}

}  // namespace rm::records
