#include "lib/engine/sampler.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <iterator>
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
std::int32_t at_mass(std::span<const float> logits, float max, float scale, std::span<const double> sums,
                     double target) {
  std::size_t block = 0;
  while (block + 1 < sums.size() && target >= sums[block]) target -= sums[block++];
  const std::size_t begin = block * kRowBlock, end = std::min(begin + kRowBlock, logits.size());
  std::int32_t last = static_cast<std::int32_t>(begin);
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

// Weights in (0, 1] by size: sixteen bins an octave, larger weights in larger bins.
constexpr std::size_t kBins = 2033;
std::size_t bin_of(float w) { return std::bit_cast<std::uint32_t>(w) >> 19; }

// The tokens that can be in the nucleus, by id. Each holds at least (1 - top_p) / V of the mass: the tail from it on
// has more than 1 - top_p in at most V tokens, none of which is likelier than it.
void find_candidates(std::span<const float> logits, float max, float scale, double total, double top_p,
                     std::vector<Weighted>& out) {
  const double least = total * (1 - top_p) / static_cast<double>(logits.size());
  const float cut =
      least > 0 ? max + static_cast<float>((std::log(least) - 0.01) / scale) : -std::numeric_limits<float>::infinity();
  out.clear();
  for (std::size_t i = 0; i < logits.size(); ++i) {
    if (logits[i] < cut) continue;
    const float w = fast_exp((logits[i] - max) * scale);
    if (w > 0) out.push_back({std::min(w, 1.0f), static_cast<std::int32_t>(i)});
  }
}

std::int32_t nucleus(std::span<const float> logits, float max, float scale, double total, double top_p, double u) {
  static thread_local std::vector<Weighted> candidates, edge;
  find_candidates(logits, max, scale, total, top_p, candidates);
  std::array<double, kBins> mass{};
  for (const Weighted& c : candidates) mass[bin_of(c.weight)] += c.weight;
  // Whole bins from the top, then the likeliest of the bin at the edge.
  double whole = 0;
  std::size_t bin = kBins - 1;
  while (bin > 0 && whole + mass[bin] < total * top_p) whole += mass[bin--];
  edge.clear();
  std::ranges::copy_if(candidates, std::back_inserter(edge),
                       [bin](const Weighted& c) { return bin_of(c.weight) == bin; });
  double part = 0;
  const std::size_t kept = order_until(edge, total * top_p - whole, part);

  double target = u * (whole + part);
  std::size_t at = kBins - 1;
  while (at > bin && target >= mass[at]) target -= mass[at--];
  std::int32_t last = candidates.front().id;
  const auto passes = [&](const Weighted& c) {
    last = c.id;
    target -= c.weight;
    return target < 0;
  };
  if (at == bin) {
    (void)std::find_if(edge.begin(), edge.begin() + static_cast<std::ptrdiff_t>(kept), passes);
  } else {
    (void)std::ranges::find_if(candidates, [&](const Weighted& c) { return bin_of(c.weight) == at && passes(c); });
  }
  return last;
}

}  // namespace

Result<RowStats> row_stats(std::span<const float> logits) {
  RowStats s;
  bool nan = false;
  s.max = row_max(logits.data(), logits.size(), nan);
  if (nan || !std::isfinite(s.max)) {
    const auto bad =
        std::ranges::find_if(logits, [](float x) { return !(x < std::numeric_limits<float>::infinity()); });
    const std::string which = bad == logits.end() ? "every logit is -inf"
                                                  : "the logit of token " + std::to_string(bad - logits.begin()) +
                                                        (std::isnan(*bad) ? " is NaN" : " is infinite");
    return make_error(
        Exit::kModel, "not_finite",
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
