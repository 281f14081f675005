// Which chains a step takes, and how they are laid into passes.
//
// Every epoch is a permutation of its own, drawn from (seed, epoch) alone: a run that is resumed goes on with the chain it
// stopped before. A batch is cut into micro-batches of so many chains; the loss of a batch is the mean over its micro-batches
// of the mean over a micro-batch's target tokens (RM-R1's way: OpenRLHF with packing, design section 1). A pass is what runs
// at once: whole chains, up to so many tokens, whatever micro-batch they are of; the weights of its tokens carry the means,
// so cutting passes smaller changes nothing but rounding. Pure functions.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "lib/tune/example.h"
#include "lib/tune/trainer.h"

namespace rm::tune {

std::vector<std::uint32_t> epoch_order(std::uint64_t seed, std::int64_t epoch, std::uint32_t count);

// What one batch runs. `chosen` are indices into `examples`, in order; micro_batch: chains a mean is taken over.
// A chain longer than `pass_tokens` is a pass of its own.
std::vector<Pass> make_passes(std::span<const Example> examples, std::span<const std::uint32_t> chosen,
                              std::int64_t micro_batch, std::int64_t pass_tokens);
// A pass cut in two of about the same number of tokens, whole sequences each; empty where it has one sequence.
std::vector<Pass> halve(const Pass& p);

}  // namespace rm::tune
