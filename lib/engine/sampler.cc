#include "lib/engine/sampler.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "lib/base/rng.h"
#include "lib/engine/row_kernels.h"

namespace rm::engine {
namespace {

struct Weighted {
  float weight;
  std::int32_t id;
};

bool likelier(const Weighted& a, const Weighted& b) { return a.weight != b.weight ? a.weight > b.weight : a.id < b.id; }

// Sums of exp((logit - max) * scale) per block of kRowBlock.
double block_sums(std::span<const float> logits, float max, float scale, std::vector<double>& sums) {
  double total = 0;
  sums.clear();
  for (std::size_t at = 0; at < logits.size(); at += kRowBlock) {
    const auto block = logits.subspan(at, std::min(kRowBlock, logits.size() - at));
    sums.push_back(sum_exp(block.data(), block.size(), max, scale));
    total += sums.back();
  }
  return total;
}

// The token at which the running sum of weights, in order of ids, passes `target`.
std::int32_t at_mass(std::span<const float> logits, float max, float scale, std::span<const double> sums, double target) {
  std::size_t block = 0;
  while (block + 1 < sums.size() && target >= sums[block]) target -= sums[block++];
  const std::size_t begin = block * kRowBlock, end = std::min(begin + kRowBlock, logits.size());
  std::int32_t last = -1;
  for (std::size_t i = begin; i < end; ++i) {
    const float w = fast_exp((logits[i] - max) * scale);
    if (w <= 0) continue;
    last = static_cast<std::int32_t>(i);
    target -= w;
    if (target < 0) return last;
  }
  return last;  // rounding left a little over
}

// How many of the likeliest candidates, which it brings to the front in order, reach `mass`.
std::size_t order_until(std::vector<Weighted>& c, double mass, double& reached) {
  reached = 0;
  std::size_t done = 0;
  for (std::size_t want = 256; done < c.size(); want *= 8) {
    const std::size_t end = std::min(c.size(), done + want);
    const auto from = c.begin() + static_cast<std::ptrdiff_t>(done), to = c.begin() + static_cast<std::ptrdiff_t>(end);
    if (end < c.size()) std::nth_element(from, to, c.end(), likelier);
    std::sort(from, to, likelier);
    for (; done < end; ++done) {
      reached += c[done].weight;
      if (reached >= mass) return done + 1;
    }
  }
  return done;
}

std::int32_t nucleus(std::span<const float> logits, float max, float scale, double total, double top_p, double u) {
  // A token of the nucleus holds at least (1 - top_p) / V of the mass: the tail from it on holds more than 1 - top_p in
  // at most V tokens none of which is likelier than it.
  const auto least = static_cast<float>(total * (1 - top_p) / static_cast<double>(logits.size()) * 0.999);
  const float cut = least > 0 ? max + (std::log(least) - 0.01f) / scale : -std::numeric_limits<float>::infinity();
  static thread_local std::vector<Weighted> candidates;
  candidates.clear();
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] < cut) continue;
    const float w = fast_exp((logits[i] - max) * scale);
    if (w > 0) candidates.push_back({w, static_cast<std::int32_t>(i)});
  }
  double mass = 0;
  const std::size_t n = order_until(candidates, total * top_p, mass);
  double target = u * mass;
  for (std::size_t i = 0; i + 1 < n; ++i) {
    target -= candidates[i].weight;
    if (target < 0) return candidates[i].id;
  }
  return candidates[n - 1].id;
}

}  // namespace

Result<RowStats> row_stats(std::span<const float> logits) {
  RowStats s;
  bool nan = false;
  s.max = row_max(logits.data(), logits.size(), nan);
  if (nan || !std::isfinite(s.max)) {
    const auto bad = std::ranges::find_if(logits, [](float x) { return !(x < std::numeric_limits<float>::infinity()); });
    const std::string which = bad == logits.end() ? "every logit is -inf"
                                                  : "the logit of token " + std::to_string(bad - logits.begin()) +
                                                        (std::isnan(*bad) ? " is NaN" : " is infinite");
    return make_error(Exit::kModel, "not_finite",
                      which + ": the weights are damaged, or the data type is too narrow for this model (try --dtype f32)");
  }
  s.argmax = static_cast<std::int32_t>(std::find(logits.begin(), logits.end(), s.max) - logits.begin());
  double total = 0;
  for (std::size_t at = 0; at < logits.size(); at += kRowBlock) {
    total += sum_exp(logits.data() + at, std::min(kRowBlock, logits.size() - at), s.max, 1.0f);
  }
  s.log_total = s.max + std::log(total);
  return s;
}

std::int32_t sample(std::span<const float> logits, const RowStats& stats, const Sampling& s, std::uint64_t index) {
  const auto scale = static_cast<float>(1.0 / s.temperature);
  if (s.temperature <= 0 || !std::isfinite(scale)) return stats.argmax;
  const double u = Rng(s.seed, index).uniform();
  static thread_local std::vector<double> sums;
  const double total = block_sums(logits, stats.max, scale, sums);
  if (s.top_p < 1) return nucleus(logits, stats.max, scale, total, s.top_p, u);
  return at_mass(logits, stats.max, scale, sums, u * total);
}

}  // namespace rm::engine
