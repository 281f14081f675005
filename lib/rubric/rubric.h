// The rubric a trace wrote: task type, weighted criteria, justification, own solution. Reads, never guesses.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace rm::rubric {

struct Criterion {
  std::string name;
  std::optional<double> weight;  // a fraction as written (60 % -> 0.6), not renormalised; empty: none could be read
  std::string description;
};

struct Rubric {
  std::optional<std::string> type;  // "chat" or "reasoning"
  std::vector<Criterion> criteria;
  std::string justify, solution;  // without their tags
};

// Linear in the trace. Empty parts where the trace has none.
Rubric read_rubric(std::string_view trace);

}  // namespace rm::rubric
