#include "lib/rl/advantage.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

namespace rm::rl {
namespace {

constexpr double kEpsilon = 1e-6;

constexpr std::array kNames{
    std::pair{LossMean::kMicroToken, "micro-token-mean"},
    std::pair{LossMean::kToken, "token-mean"},
    std::pair{LossMean::kSequence, "seq-mean-token-mean"},
    std::pair{LossMean::kSequenceSum, "seq-mean-token-sum"},
};

double inverse(std::int64_t n) { return n > 0 ? 1.0 / static_cast<double>(n) : 0.0; }

}  // namespace

bool flat(std::span<const double> rewards) {
  return rewards.size() > 1 && std::ranges::all_of(rewards, [&](double r) { return r == rewards[0]; });
}

std::vector<double> advantages(std::span<const double> rewards) {
  std::vector<double> out(rewards.size(), 0.0);
  if (rewards.empty() || flat(rewards)) return out;
  double mean = 0, deviation = 1;
  if (rewards.size() > 1) {
    const auto n = static_cast<double>(rewards.size());
    mean = std::accumulate(rewards.begin(), rewards.end(), 0.0) / n;
    double squares = 0;
    for (const double r : rewards) squares += (r - mean) * (r - mean);
    deviation = std::sqrt(squares / (n - 1));
  }
  std::ranges::transform(rewards, out.begin(), [&](double r) { return (r - mean) / (deviation + kEpsilon); });
  return out;
}

std::optional<LossMean> parse_loss_mean(std::string_view name) {
  for (const auto& [mean, known] : kNames) {
    if (name == known) return mean;
  }
  return std::nullopt;
}

const char* name(LossMean m) {
  for (const auto& [mean, known] : kNames) {
    if (mean == m) return known;
  }
  return "";
}

std::vector<double> token_weights(std::span<const std::int64_t> lengths, LossMean mean, std::int64_t micro_batch,
                                  std::int64_t most_tokens) {
  const auto n = static_cast<std::int64_t>(lengths.size());
  const auto rollouts = std::ranges::count_if(lengths, [](std::int64_t l) { return l > 0; });
  const std::int64_t tokens = std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0});
  std::vector<double> out(lengths.size());
  if (mean == LossMean::kMicroToken) {
    const std::int64_t micros = (n + micro_batch - 1) / micro_batch;
    for (std::int64_t from = 0; from < n; from += micro_batch) {
      const auto first = lengths.begin() + from, last = lengths.begin() + std::min(n, from + micro_batch);
      const double weight = inverse(std::accumulate(first, last, std::int64_t{0})) * inverse(micros);
      std::fill_n(out.begin() + from, last - first, weight);
    }
    return out;
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (mean == LossMean::kToken) out[i] = inverse(tokens);
    if (mean == LossMean::kSequence) out[i] = inverse(lengths[i]) * inverse(rollouts);
    if (mean == LossMean::kSequenceSum) out[i] = inverse(most_tokens) * inverse(rollouts);
  }
  return out;
}

double correction(double log_p_trainer, double log_p_sampler, double cap) {
  return std::min(cap, std::exp(log_p_trainer - log_p_sampler));
}

}  // namespace rm::rl
