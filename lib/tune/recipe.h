// What decides a training run: the values of a recipe, each of which a flag may change.
//
// The one recipe is RM-R1's supervised training as it was run (arXiv:2505.02387, and the flags of its published script, RM-R1-UIUC/RM-R1,
// rm_r1/scripts/Distill/local/distill_qwen2.5-7b-instruct.sh): AdamW
// (0.9, 0.95) without weight decay, lr 5e-6 over a cosine to a tenth with 3 % warm-up, gradients clipped at 1, batches of 128 chains
// each a mean of its own, chains of at most 12,288 tokens, one epoch, loss on the response. They are the defaults too: naming the
// recipe says that a run is meant to be upstream's. Three things differ from what upstream ran: it cut longer chains, which are left out
// here; dropped the last batch of an epoch where that was short; and learned the assistant's header too, which Mask::kHeader does. Plain values; pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/tune/example.h"
#include "lib/tune/schedule.h"
#include "lib/tune/trainer.h"

namespace rm::tune {

struct TrainSettings {
  double lr = 5e-6;
  Shape shape = Shape::kCosine;
  double floor = 0.1;    // of a cosine: the last rate, as a share of lr
  double warmup = 0.03;  // share of all steps
  double weight_decay = 0, beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8;
  double clip = 1.0;  // longest gradient; 0: any
  std::int64_t epochs = 1;
  std::int64_t batch = 128, micro_batch = 1;  // chains of a step; chains a mean is taken over
  std::int64_t max_length = 12288;            // tokens of a chain; 0: any
  Mask mask = Mask::kResponse;
  LoraOptions lora;
};

// "rm-r1"; empty for any other name.
std::optional<TrainSettings> recipe(std::string_view name);

Schedule schedule_of(const TrainSettings& s, std::int64_t total_steps);

// For people: a few lines "name   what it is", each ending in a newline.
std::string describe(const TrainSettings& s);
// For checkpoints: equal where all values are. Neither seed nor data, device or type are in it.
std::string settings_hash(const TrainSettings& s);

}  // namespace rm::tune
