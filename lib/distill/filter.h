// Which chains of a teacher are worth learning from: the two filters of --filter.
//
// kDistill is RM-R1's: the last 100 code points hold the mark [[X]] of the right verdict; the other mark is not looked for. kStrict
// asks for what rm-judge reads by default: the right verdict and no other in an answer block outside thoughts and evaluations.
// Pure functions over the trace alone.
#pragma once

#include <optional>
#include <string_view>

#include "lib/judge/verdict.h"

namespace rm::distill {

enum class Filter { kDistill, kStrict };
std::optional<Filter> parse_filter(std::string_view name);  // distill, strict
const char* name(Filter f);

// Why a chain is not kept: "length" (its end is missing: `cut`), "no_verdict", "conflict" (kStrict: both) or "other_verdict". Empty:
// it is kept.
std::string_view why_not(std::string_view trace, bool cut, judge::Side right, Filter f);

}  // namespace rm::distill
