// Forward and backward over one pass of packed sequences, a layer at a time.
//
// Forward keeps what goes into each layer and no graph. Backward runs a layer again with a graph, takes its gradients, adds
// them to the f32 buffers and lets go of it before the next: activation checkpointing (arXiv:1604.06174) at the grain of a
// layer, and the place where shards will be gathered and freed. The last `kept` layers keep their graphs from the forward
// run instead, where memory allows. One thread; throws what ATen throws.
#pragma once

#include "lib/train/network.h"

namespace rm::train {

struct PassOptions {
  std::int64_t kept = 0;  // layers, from the top, whose graphs are kept
  bool gradient = true;   // false: forward and loss alone
};

// The pass must have been checked: ids in the vocabulary, begins in order.
tune::PassSums run_pass(Network& n, const tune::Pass& p, const PassOptions& o);
// log p of every token with a weight, 0 of the others.
std::vector<float> run_logprobs(Network& n, const tune::Pass& p);

}  // namespace rm::train
