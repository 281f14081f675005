// The traces a record holds: what models wrote about it, wherever its maker put it.
#pragma once

#include <string>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/records/pair.h"

namespace rm::records {

// In order: the samples of `judgment`; or the reply in `rubric_from`; or the response of a chain, which is `response`, `sft_response`, or the last turn of
// `messages` where the assistant has it; or a long `winner`, as RM-R1's published training set names it. A chain that was not
// kept has no response: no traces. Errors: Exit::kInput, reason "no_trace" (names the fields seen), "bad_judgment",
// "wrong_type".
Result<std::vector<std::string>> read_traces(const json::Value& record, const FieldMap& map);

}  // namespace rm::records
