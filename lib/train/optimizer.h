// AdamW over a ParameterSet, with clipping by the norm of the whole gradient. ATen's fused step, one sweep over the memory.
// Decoupled weight decay: arXiv:1711.05101. Clipping as torch.nn.utils.clip_grad_norm_. One thread.
#pragma once

#include "lib/train/parameter.h"
#include "lib/tune/trainer.h"

namespace rm::train {

struct AdamW {
  double beta1 = 0.9, beta2 = 0.95, epsilon = 1e-8, weight_decay = 0;
};

// Length of all trained gradients together: f32 within a tensor, f64 over the tensors.
double gradient_norm(const ParameterSet& p);
void zero_gradients(ParameterSet& p);

// One step: `number` counts from 1. Gradients become zero, working copies are renewed. A gradient that is not finite changes nothing
// else.
tune::StepSums adamw_step(ParameterSet& p, const AdamW& a, const tune::StepParams& s, std::int64_t number);

}  // namespace rm::train
