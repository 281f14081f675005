// A preference pair, whatever shape its line had. The typed view; the original bytes stay with the line (records/line.h).
//
// "Record frame": answer[0] is chosen or answer_a, answer[1] is rejected or answer_b. Which of them a judge sees as A is
// the order's business (judge/order), never this file's.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/records/rubric.h"
#include "lib/text/chat.h"

namespace rm::records {

using text::Message;

enum class Naming { kChosenRejected, kAnswers };  // how `preferred` is written: chosen/rejected or a/b
enum class Label { kFirst, kSecond, kTie };       // in the record frame

struct Pair {
  std::vector<Message> prompt;  // ends in a user turn; a leading system turn is kept
  std::array<std::vector<Message>, 2>
      answer;  // usually one assistant turn each; more when the conversations part earlier
  Naming naming = Naming::kAnswers;
  std::optional<Label> label;  // chosen/rejected: always kFirst
  bool rendered = false;  // {context_messages, winner}: `prompt` is the whole judge prompt, order fixed, answers empty
  bool same_answers = false;     // A == B: judged, flagged
  std::optional<Rubric> rubric;  // what a judge is to go by, where asked to; read_pair() leaves it empty
  bool multi_turn() const {
    return prompt.size() > 1u + (prompt.front().role == "system") || answer[0].size() > 1 || answer[1].size() > 1;
  }
};

// --map prompt=.x,chosen=.y.z : our field name -> path of keys in the record.
using FieldMap = std::map<std::string, std::vector<std::string>>;
Result<FieldMap> parse_field_map(std::string_view flag);

// Finds the shape and reads it. Errors: Exit::kInput; reason "no_shape" (message lists the fields seen and the shapes known),
// "missing_field", "wrong_type", "empty", "bad_role", "bad_label", "too_many_turns"; messages name the field, the type found and
// the type expected. {prompt, responses} of exactly two reads as a pair of answers.
Result<Pair> read_pair(const json::Value& record, const FieldMap& map);

}  // namespace rm::records
