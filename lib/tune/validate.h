// What a model in training is worth on chains it has not seen: their loss, and the verdicts it writes itself.
//
// Loss and token accuracy come from the Trainer, over passes as in training, each token counting the same. Verdicts: the model
// writes its own reply to the prompts, greedily, and judge/verdict reads it. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "lib/base/result.h"
#include "lib/generate/generator.h"
#include "lib/tune/example.h"
#include "lib/tune/trainer.h"

namespace rm::tune {

struct HeldOutLoss {
  double loss = 0;  // mean over the targets
  std::int64_t targets = 0, right = 0;
};
// Exit::kResources where a chain alone does not fit; a stop is an Error with signals::stop_exit().
Result<HeldOutLoss> held_out_loss(Trainer& trainer, std::span<const Example> examples, std::int64_t pass_tokens);

struct HeldOutVerdicts {
  std::int64_t asked = 0, parsed = 0, labelled = 0, right = 0;  // right: of the labelled
  std::int64_t cut = 0;                                         // replies that reached max_tokens
};
// `chains` with an empty response will do. `said` is told of each reply as it ends.
Result<HeldOutVerdicts> held_out_verdicts(generate::Generator& generator, std::span<const ChainText> chains,
                                          std::int64_t max_tokens, const std::function<void()>& said);

}  // namespace rm::tune
