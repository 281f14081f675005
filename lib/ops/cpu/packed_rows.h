// Row loops of training on the CPU, forward and backward, compiled for several instruction sets and chosen when the program
// starts. All memory is the caller's; "element" is bf16 (as uint16_t) or f32. A row's result depends on that row alone.
// Pure functions, any thread.
#pragma once

#include <cstdint>

namespace rm::ops::cpu {

struct Elements {
  const void* data = nullptr;
  bool bf16 = false;
};
struct MutableElements {
  void* data = nullptr;
  bool bf16 = false;
};

// y = x * rstd * w; returns rstd = 1 / sqrt(mean(x^2) + eps).
float norm_row(const float* x, const float* w, std::int64_t n, float eps, MutableElements y);
// dx = rstd * (dy w - x rstd mean(dy w x rstd)); adds dy x rstd to dw where it is not null. Formula: the derivative of the above.
void norm_row_backward(Elements dy, const float* x, const float* w, float rstd, std::int64_t n, float* dx, float* dw);

// y = silu(gate) * up.
void swiglu_row(Elements gate, Elements up, std::int64_t n, MutableElements y);
// Gradients of gate and up.
void swiglu_row_backward(Elements dy, Elements gate, Elements up, std::int64_t n, MutableElements dgate,
                         MutableElements dup);

// Rotates one head by halves: (a, b) -> (a cos - b sin, b cos + a sin); sign -1 turns it back.
void rotate_head(Elements x, const float* cos, const float* sin, std::int64_t width, float sign, MutableElements y);

struct RowLoss {
  float loss = 0;
  bool right = false;
};
// Loss of the target under n logits; where `gradient`, the logits become weight * (softmax - onehot).
RowLoss loss_row(float* logits, std::int64_t n, std::int64_t target, float weight, bool gradient);
float entropy_row(const float* logits, std::int64_t n);  // of their softmax, in nats

}  // namespace rm::ops::cpu
