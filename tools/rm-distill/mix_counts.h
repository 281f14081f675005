// What a run of mix came to, for people and as JSON.
#pragma once

#include <string>
#include <vector>

#include "lib/distill/mix.h"
#include "tools/rm-distill/mix_options.h"

namespace rm::rmdistill {

// One line a source and one an output, without line ends.
std::vector<std::string> count_lines(const MixOptions& o, const distill::Mix& mix,
                                     const distill::Contamination& benchmarks);
std::string counts_json(const MixOptions& o, const distill::Mix& mix, const distill::Contamination& benchmarks,
                        std::uint64_t skipped);

}  // namespace rm::rmdistill
