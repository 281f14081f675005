// How large the cache may be, and what follows from it: the longest sequence and the number of replies at once.
//
// The rule on the CPU, all figures after the weights have been read:
//   wanted  = the longest sequence, or batch x 2,048 tokens (a judging prompt with its reply; less where no sequence may be so
//             long) if that is more
//   bounded by 1/5 of the weights (at least 512 MiB) unless --batch or --context asked for more,
//   and by half of what is left: the least of MemAvailable and what each control group above us leaves, less 512 MiB
//   for activations and the rest of the program.
// With the 1.5B default (3.55 GB of weights, 28,672 bytes a token) that is 0.71 GB, 24,700 tokens, and the process stays
// below 4.5 GB. Memory is touched as pages are used. On a GPU: 9/10 of what the device has left, less 1 GiB.
// Deterministic mode takes no length from the machine: context is the model's, at most 32,768 unless --context says
// otherwise, and a machine that cannot hold it is an error.
#pragma once

#include <cstdint>
#include <string>

#include "lib/base/result.h"
#include "lib/generate/token_engine.h"

namespace rm::engine {

struct MemoryFacts {
  std::uint64_t weight_bytes = 0, page_bytes = 0;
  int page_tokens = 0;
  std::int64_t model_context = 0;
  std::uint64_t free_bytes = 0;
  bool gpu = false;
};

struct CachePlan {
  std::int64_t pages = 0;
  std::int64_t context = 0;  // what one sequence may hold, prompt and reply
  int batch = 0;
  bool memory_bound = false;  // the context is shorter than the model's because of memory
};

// Exit::kResources, reason "no_memory", saying what is needed, what there is and which flag helps; Exit::kUsage for
// negative options.
Result<CachePlan> plan_cache(const MemoryFacts& m, const generate::EngineOptions& o);

}  // namespace rm::engine
