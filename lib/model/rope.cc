#include "lib/model/rope.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace rm::model {
namespace {

using weightfile::ModelConfig;
using weightfile::RopeScaling;

constexpr double kTwoPi = 2 * std::numbers::pi;

// theta^(2i/C), as f32.
std::vector<float> periods(const ModelConfig& c) {
  std::vector<float> p(static_cast<std::size_t>(c.head_dim / 2));
  for (std::size_t i = 0; i < p.size(); ++i) {
    const float exponent = static_cast<float>(2 * i) / static_cast<float>(c.head_dim);
    p[i] = static_cast<float>(std::pow(c.rope_theta, static_cast<double>(exponent)));
  }
  return p;
}

// _compute_llama3_parameters: long waves are slowed by the factor, short ones kept, those between blended.
void scale_llama3(const RopeScaling& s, std::vector<float>& inverse) {
  const double context = static_cast<double>(s.original_context);
  const double longest = context / s.low_freq_factor, shortest = context / s.high_freq_factor;
  for (float& f : inverse) {
    const double wave = kTwoPi / f;
    if (wave > longest) {
      f = static_cast<float>(f / s.factor);
    } else if (wave >= shortest) {
      const double smooth = (context / wave - s.low_freq_factor) / (s.high_freq_factor - s.low_freq_factor);
      f = static_cast<float>((1 - smooth) * f / s.factor + smooth * f);
    }
  }
}

// _compute_yarn_parameters: dimensions that turn often within the original context are kept, those that turn less than
// once are slowed, a ramp between.
void scale_yarn(const ModelConfig& c, const std::vector<float>& period, std::vector<float>& inverse) {
  const RopeScaling& s = c.rope;
  const auto dimension = [&](double turns) {
    return static_cast<double>(c.head_dim) * std::log(static_cast<double>(s.original_context) / (turns * kTwoPi)) /
           (2 * std::log(c.rope_theta));
  };
  double low = dimension(s.beta_fast), high = dimension(s.beta_slow);
  if (s.truncate) {
    low = std::floor(low);
    high = std::ceil(high);
  }
  low = std::max(low, 0.0);
  high = std::min(high, static_cast<double>(c.head_dim - 1));
  if (low == high) high += 0.001;
  for (std::size_t i = 0; i < inverse.size(); ++i) {
    const double ramp = std::clamp((static_cast<double>(i) - low) / (high - low), 0.0, 1.0);
    inverse[i] = static_cast<float>(ramp / (s.factor * period[i]) + (1 - ramp) / period[i]);
  }
}

}  // namespace

Rope make_rope(const ModelConfig& c) {
  Rope rope;
  const std::vector<float> period = periods(c);
  for (const float p : period) rope.inverse_frequencies.push_back(1.0f / p);
  switch (c.rope.kind) {
    case RopeScaling::Kind::kNone:
      break;
    case RopeScaling::Kind::kLinear:
      for (float& f : rope.inverse_frequencies) f /= static_cast<float>(c.rope.factor);
      break;
    case RopeScaling::Kind::kFactors:
      for (std::size_t i = 0; i < rope.inverse_frequencies.size() && i < c.rope.factors.size(); ++i)
        rope.inverse_frequencies[i] /= c.rope.factors[i];
      break;
    case RopeScaling::Kind::kLlama3:
      scale_llama3(c.rope, rope.inverse_frequencies);
      break;
    case RopeScaling::Kind::kYarn:
      scale_yarn(c, period, rope.inverse_frequencies);
      rope.attention_factor = static_cast<float>(c.rope.attention_factor > 0 ? c.rope.attention_factor
                                                 : c.rope.factor <= 1        ? 1
                                                                             : 0.1 * std::log(c.rope.factor) + 1);
      break;
  }
  return rope;
}

void angles(const Rope& rope, std::span<const std::int64_t> positions, std::span<float> cos, std::span<float> sin) {
  std::size_t at = 0;
  for (const std::int64_t p : positions) {
    for (const float f : rope.inverse_frequencies) {
      const double angle = f * static_cast<float>(p);
      cos[at] = static_cast<float>(std::cos(angle)) * rope.attention_factor;
      sin[at] = static_cast<float>(std::sin(angle)) * rope.attention_factor;
      ++at;
    }
  }
}

}  // namespace rm::model
