// The learning rate of every step.
//
// cosine: as transformers' get_cosine_with_min_lr_schedule_with_warmup: a straight line from 0 over the warm-up, then half a
// cosine down to floor * lr. linear: down to 0. constant: lr after the warm-up. So the first step of a warm-up has rate 0, as
// upstream's. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace rm::tune {

enum class Shape { kCosine, kLinear, kConstant };
std::optional<Shape> parse_shape(std::string_view name);  // cosine, linear, constant
const char* name(Shape s);

struct Schedule {
  Shape shape = Shape::kCosine;
  double lr = 5e-6, floor = 0.1;       // floor: the last rate as a share of lr (cosine)
  std::int64_t warmup = 0, total = 1;  // steps
};

// `step` counts from 0, the first one taken. From `total` on: the last rate of the schedule.
double rate(const Schedule& s, std::int64_t step);
// Warm-up steps of a share of all: ceil(share * total) in doubles, as upstream rounds.
std::int64_t warmup_steps(double share, std::int64_t total);

}  // namespace rm::tune
