// A question with N answers, to be ranked or rated. The typed view; the original bytes stay with the line (records/line.h).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/records/pair.h"

namespace rm::records {

struct Candidates {
  std::vector<Message> prompt;                  // as Pair::prompt
  std::vector<std::vector<Message>> responses;  // one or more turns each, the last by the assistant
  std::size_t right = 0;                        // how many at the front are labelled right; 0: no label
  std::optional<Rubric> rubric;                 // as Pair::rubric

  // Two of them as a pair of answers, without a label.
  Pair pair(std::size_t first, std::size_t second) const;
};

// {prompt, responses: [...]} with two or more, or {prompt, chosen: [text...], rejected: [text...]}, the chosen ones first.
// Errors as read_pair.
Result<Candidates> read_candidates(const json::Value& record, const FieldMap& map);

// The prompt alone: prompt, question or instruction. Errors as read_pair.
Result<std::vector<Message>> read_question(const json::Value& record, const FieldMap& map);

// Whether the record is for read_candidates() rather than read_pair(): more than two responses, or lists of texts.
bool is_ranking(const json::Value& record, const FieldMap& map);

// Whatever answers a record holds, for rating each on its own: {prompt, response | answer | completion},
// {prompt, responses: [...]} with one or more, lists of texts as above, and every shape of a pair that is not rendered.
Result<Candidates> read_answers(const json::Value& record, const FieldMap& map);

}  // namespace rm::records
