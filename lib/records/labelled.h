// Pairs that say which answer is better, also in the columns of three sets as they were published.
//
// Beside the shapes of pair.h: Code-Preference-Pairs {input, accepted, rejected}, and Math-Step-DPO-10K {prompt,
// initial_reason_steps, full_chosen, full_rejected}, whose answers are the shared first steps and what follows them.
// Skywork-Reward-Preference {chosen, rejected} is a shape of pair.h. Pure.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/records/pair.h"

namespace rm::records {

struct Labelled {
  std::vector<Message> prompt, better, worse;
  std::span<const std::string_view>
      fields;  // top-level names of the shape: what a record in another shape must not keep
};

// Fields that `map` names are looked for first; a record that has none of them is read as it is. Errors as read_pair(), and
// "no_label" (no winner), "tied" (the winner is a tie), "rendered_order" (a prompt already rendered cannot be turned round).
Result<Labelled> read_labelled(const json::Value& record, const FieldMap& map);

// Whether an error of read_labelled() says that the record has other fields, not bad values.
bool lacks_fields(const Error& e);
// The names of a record's fields, for messages; bounded.
std::string fields_seen(const json::Value& record);

// The turns of an item of a benchmark before any answer: its prompt, question or instruction, RMB's conversation_input, or
// what two conversations share. "missing_field" where there is none.
Result<std::vector<Message>> read_item_prompt(const json::Value& item);

}  // namespace rm::records
