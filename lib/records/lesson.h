// A prompt and the response that a model is to learn to write, whatever shape its record had.
//
// Shapes, the first that is there: what `rm-distill teach` and `correct` wrote, where the chain was kept; {messages, response};
// {messages}, whose last turn is the assistant's; {context_messages, sft_response}; and {context_messages, winner} with the response
// in a long `winner`, as RM-R1's published set has it. `context_messages` is a list of messages, or the text of one user's turn.
// A response is a string, or a list of the assistant's one message.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/records/pair.h"

namespace rm::records {

struct Lesson {
  std::vector<Message> messages;  // ends in the user's turn
  std::string response;           // not only white space
  std::optional<char> verdict;    // 'A' or 'B', where the record says which answer is right
};

// Exit::kInput, reason "not_kept" for a chain that was not kept or a failure record, "no_response", "empty", what read_chain() says,
// and "wrong_type", "missing_field", "bad_role" of a shape that is not complete.
Result<Lesson> read_lesson(const json::Value& record, const FieldMap& map);

}  // namespace rm::records
