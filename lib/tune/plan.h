// What memory a training run needs, reckoned before anything is loaded: by tensor, from the shapes alone.
//
// A run needs, whatever it does, its weights and the state of what it trains; and, for every token that runs at once, the inputs of
// all layers and one layer's activations with their gradients, for a layer is run again when its gradient is taken. The figures
// are those of the tensors that are there at the worst moment; what the allocator loses is covered by the part of the free memory
// that is left alone (a twentieth). Layers whose activations are kept instead of computed again are a gain that others may need the
// memory for: none is kept in the last quarter of what is free. Pure; a configuration that weightfile::check() has passed does not overflow.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/tune/trainer.h"
#include "lib/weightfile/config.h"

namespace rm::tune {

inline constexpr std::int64_t kUsualPass = 8192;  // tokens; more at once is no faster
inline constexpr std::int64_t kLogitRows = 512;   // rows of logits that are there at once

struct PlanRequest {
  bool bf16 = true;              // the arithmetic; else f32
  LoraOptions lora;              // rank 0: every weight is trained
  bool generates = false;        // validation writes replies: an engine holds the weights once more
  bool reference = false;        // log-probabilities under the first weights are wanted (TrainerOptions::reference)
  std::uint64_t free_bytes = 0;  // before anything is loaded; 0: not known
  std::int64_t longest = 1;      // tokens of the longest chain
  std::int64_t reply = 0;        // of those, how many a reply may have that is yet to be written; 0: all are there
  std::int64_t tokens = 0;       // there can be no more at once: those of a batch; 0: not known
  std::int64_t pass_tokens = 0;  // as asked for; 0: what memory holds, at most kUsualPass or the longest chain
};

struct PlanRow {
  std::string name, of;  // "gradients", "1,543,714,304 numbers in f32"
  std::uint64_t bytes = 0;
};

struct MemoryPlan {
  std::vector<PlanRow> rows;       // with pass_tokens tokens at once
  std::uint64_t fixed = 0;         // bytes that do not depend on the tokens
  std::uint64_t a_token = 0;       // bytes for each token that runs at once, where no layer is kept
  std::uint64_t a_kept_layer = 0;  // bytes a token for a layer whose activations are kept instead of computed again
  std::uint64_t total = 0;         // the sum of the rows
  std::uint64_t usable = 0;        // of the free bytes; 0: not known
  std::int64_t pass_tokens = 0;    // tokens at once, never fewer than the longest chain
  std::int64_t usual_tokens = 0;   // what they would be, were there memory for it
  std::int64_t kept_layers = 0;    // from the top, as many as what is left over up to the last quarter holds
  std::uint64_t parameters = 0, trained = 0;
  bool fits() const { return usable == 0 || total <= usable; }
};

MemoryPlan plan_memory(const weightfile::ModelConfig& c, const PlanRequest& r);
// Exit::kResources, reason "no_memory", where not even one longest chain fits: what is needed, what there is, and which flags would
// bring it down to what.
Result<void> check_plan(const weightfile::ModelConfig& c, const PlanRequest& r);
// For people: a line a row, the sum, and what is free; figures in one column.
std::string table(const MemoryPlan& p);

}  // namespace rm::tune
