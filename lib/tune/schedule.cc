#include "lib/tune/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace rm::tune {

std::optional<Shape> parse_shape(std::string_view text) {
  for (const Shape s : {Shape::kCosine, Shape::kLinear, Shape::kConstant}) {
    if (text == name(s)) return s;
  }
  return std::nullopt;
}

const char* name(Shape s) {
  switch (s) {
    case Shape::kCosine:
      return "cosine";
    case Shape::kLinear:
      return "linear";
    case Shape::kConstant:
      return "constant";
  }
  return "";
}

double rate(const Schedule& s, std::int64_t step) {
  if (step < s.warmup) return s.lr * static_cast<double>(step) / static_cast<double>(s.warmup);
  if (s.shape == Shape::kConstant) return s.lr;
  const auto all = static_cast<double>(std::max<std::int64_t>(1, s.total - s.warmup));
  if (s.shape == Shape::kLinear) return s.lr * static_cast<double>(std::max<std::int64_t>(0, s.total - step)) / all;
  const double done = std::min(1.0, static_cast<double>(step - s.warmup) / all);
  const double wave = 0.5 * (1 + std::cos(std::numbers::pi * done));
  return s.lr * (wave * (1 - s.floor) + s.floor);
}

std::int64_t warmup_steps(double share, std::int64_t total) {
  return static_cast<std::int64_t>(std::ceil(share * static_cast<double>(total)));
}

}  // namespace rm::tune
