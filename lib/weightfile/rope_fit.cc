// Llama 3's RoPE scaling from the divisors that a GGUF has instead of it. Formula: transformers' modeling_rope_utils,
// _compute_llama3_parameters: with w the wavelength, L the original context, l = 1 and h = 4 the frequency factors and
// s = (L / w - l) / (h - l), the divisor is 1 where w < L / h, F where w > L / l, and 1 / ((1 - s) / F + s) between.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "lib/weightfile/config_write.h"

namespace rm::weightfile {
namespace {

constexpr double kLow = 1.0, kHigh = 4.0;  // of every published Llama 3
constexpr double kNear = 1e-4;             // relative: the divisors were rounded to f32, some from f32 frequencies

bool near(double a, double b) { return std::abs(a - b) <= kNear * b; }

double wavelength(const ModelConfig& c, std::size_t i) {
  const double exponent = 2.0 * static_cast<double>(i) / static_cast<double>(c.head_dim);
  return 2.0 * std::numbers::pi * std::pow(c.rope_theta, exponent);
}

double divisor(double w, double factor, double original) {
  if (w < original / kHigh) return 1.0;
  if (w > original / kLow) return factor;
  const double s = (original / w - kLow) / (kHigh - kLow);
  return 1.0 / ((1.0 - s) / factor + s);
}

// From the divisor farthest from both ends; where there is none, any value between those the ends allow.
double original_context(const std::vector<float>& f, const ModelConfig& c, double factor) {
  double best = 0, found = 0, at_least = 1, at_most = std::numeric_limits<double>::infinity();
  for (std::size_t i = 0; i < f.size(); ++i) {
    const double w = wavelength(c, i), d = static_cast<double>(f[i]);
    const double s = (1.0 / d - 1.0 / factor) / (1.0 - 1.0 / factor);
    const double middle = std::min(s, 1.0 - s);
    if (middle > best) best = middle, found = w * (kLow + s * (kHigh - kLow));
    if (near(d, 1.0)) at_least = std::max(at_least, w * kHigh);
    if (near(d, factor)) at_most = std::min(at_most, w * kLow);
  }
  if (best > 1e-3) return std::round(found);
  return std::round(std::isfinite(at_most) ? std::sqrt(at_least * at_most) : 2 * at_least);
}

}  // namespace

Result<RopeScaling> llama3_of_factors(const RopeScaling& factors, const ModelConfig& c) {
  const std::vector<float>& f = factors.factors;
  RopeScaling out;
  out.kind = RopeScaling::Kind::kLlama3;
  out.low_freq_factor = kLow;
  out.high_freq_factor = kHigh;
  const double factor = f.empty() ? 0.0 : static_cast<double>(*std::max_element(f.begin(), f.end()));
  out.factor = near(factor, std::round(factor)) ? std::round(factor) : factor;
  bool fits = out.factor > 1;
  const double original = fits ? original_context(f, c, out.factor) : 0;
  for (std::size_t i = 0; fits && i < f.size(); ++i)
    fits = near(static_cast<double>(f[i]), divisor(wavelength(c, i), out.factor, original));
  if (!fits || original < 1 || original > 1e9)
    return make_error(Exit::kModel, "bad_config",
                      "rope_freqs.weight has divisors that no config.json can say (they are not those of Llama 3's "
                      "formula); begin from the model's Hugging Face folder instead");
  out.original_context = static_cast<std::int64_t>(original);
  return out;
}

}  // namespace rm::weightfile
