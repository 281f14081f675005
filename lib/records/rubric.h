// The `rubric` field of a record: what a trace wrote before it compared the answers. The typed view; lib/rubric reads it out of
// traces.
//
// A rubric is data of others as much as an answer is: its texts reach a model as content and never reach the verdict parser.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"

namespace rm::records {

struct Criterion {
  std::string name;
  std::optional<double>
      weight;  // a fraction as written (60 % -> 0.6), not renormalised; empty: none, or none that is sure
  std::string description;
};

// What a trace seems to say and could not be read for sure. Nothing is guessed in its place.
struct Unread {
  std::string what;    // rubric, type, weight
  std::string reason;  // a word of rm-jsonl(5), "rubric"
  std::string name;    // of the criterion, for weights
  std::string text;    // as it stands in the trace, cut at 120 characters
};

struct Rubric {
  std::optional<std::string> type;  // "chat" or "reasoning"
  std::vector<Criterion> criteria;
  std::string justify, solution;  // without their tags
  std::vector<Unread> unread;

  // Whether a judge could go by it: criteria, or the judge's own solution.
  bool usable() const { return !criteria.empty() || !solution.empty(); }
};

// The `rubric_from` field: where a rubric that was asked for came from.
struct RubricSource {
  std::string text, reasoning;  // the model's reply, from which the rubric was read
  std::string finish_reason;
  std::int64_t prompt_tokens = 0, completion_tokens = 0;
  std::string model, prompt_id;
  std::uint64_t seed = 0;
};

void write_rubric_source(json::Writer& w, const RubricSource& s);
void write_rubric(json::Writer& w, const Rubric& r);  // the object alone; `unread` only where there is any

// Errors: Exit::kInput, reason "bad_rubric"; the message names the field, what it is and what it should be. Weights lie in [0, 1].
Result<Rubric> read_rubric(const json::Value& v);

// The rubric of a record; reason "no_rubric" where it has none.
Result<Rubric> rubric_of(const json::Value& record);

}  // namespace rm::records
