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

// Chains 0 to count - 1, each once.
std::vector<std::uint32_t> epoch_order(std::uint64_t seed, std::int64_t epoch, std::uint32_t count);
// Steps of one epoch: the last takes what is left, which may be less than a batch.
std::int64_t steps_per_epoch(std::int64_t chains, std::int64_t batch);

// Whether a chain is one of the share that is held out for validation: decided by its prompt alone, so that the same chains are in
// any file, order or run, and two chains of one prompt stand on the same side.
bool held_out(const ChainText& chain, double share);

// What one batch runs. `chosen` are indices into `examples`, in order; micro_batch: chains a mean is taken over (less in the last, where
// they do not come out even). The longest chain first, each into the pass with the least room that holds it; a chain longer than
// `pass_tokens` is a pass of its own. The weights of all passes together sum to 1.
std::vector<Pass> make_passes(std::span<const Example> examples, std::span<const std::uint32_t> chosen,
                              std::int64_t micro_batch, std::int64_t pass_tokens);
// A pass cut in two of about the same number of tokens, whole sequences each; empty where it has one sequence.
std::vector<Pass> halve(const Pass& p);

}  // namespace rm::tune
