// The rubric a trace wrote: task type, weighted criteria, justification, own solution. Reads, never guesses.
#pragma once

#include <string_view>

#include "lib/records/rubric.h"

namespace rm::rubric {

using records::Criterion;
using records::Rubric;
using records::Unread;

// Linear in the trace. Empty parts where the trace has none; what it seems to say and cannot be read for sure is in `unread`.
Rubric read_rubric(std::string_view trace);

}  // namespace rm::rubric
