#include "lib/tune/order.h"

#include <algorithm>
#include <cstdlib>
#include <iterator>
#include <numeric>
#include <set>
#include <utility>

#include "lib/base/hash.h"
#include "lib/base/rng.h"

namespace rm::tune {
namespace {

std::int64_t length(const Example& e) { return static_cast<std::int64_t>(e.ids.size()); }

// The weight of a target token of each chosen chain: its share of the mean of its micro-batch, which is a share of the batch's.
std::vector<float> token_weights(std::span<const Example> examples, std::span<const std::uint32_t> chosen,
                                 std::int64_t micro_batch) {
  const auto step = static_cast<std::size_t>(std::max<std::int64_t>(1, micro_batch));
  const std::size_t micros = (chosen.size() + step - 1) / step;
  std::vector<float> out;
  out.reserve(chosen.size());
  for (std::size_t from = 0; from < chosen.size(); from += step) {
    const std::size_t to = std::min(from + step, chosen.size());
    std::int64_t targets = 0;
    for (std::size_t i = from; i < to; ++i) targets += length(examples[chosen[i]]) - examples[chosen[i]].targets;
    const double weight = targets > 0 ? 1.0 / (static_cast<double>(targets) * static_cast<double>(micros)) : 0;
    out.resize(to, static_cast<float>(weight));
  }
  return out;
}

void append(Pass& p, const Example& e, float weight) {
  const std::size_t begin = p.ids.size();
  p.begins.push_back(static_cast<std::int64_t>(begin));
  p.ids.insert(p.ids.end(), e.ids.begin(), e.ids.end());
  p.weights.resize(p.ids.size(), 0);
  std::fill(p.weights.begin() + static_cast<std::ptrdiff_t>(begin) + e.targets, p.weights.end(), weight);
}

// Which pass each of these lengths goes into.
std::vector<std::size_t> place(const std::vector<std::int64_t>& lengths, std::int64_t pass_tokens) {
  std::vector<std::size_t> by_length(lengths.size()), out(lengths.size());
  std::iota(by_length.begin(), by_length.end(), std::size_t{0});
  std::ranges::stable_sort(by_length, [&](std::size_t a, std::size_t b) { return lengths[a] > lengths[b]; });
  std::set<std::pair<std::int64_t, std::size_t>> rooms;  // tokens left, pass
  std::size_t passes = 0;
  for (const std::size_t i : by_length) {
    const auto found = rooms.lower_bound({lengths[i], 0});
    const auto [room, pass] = found == rooms.end() ? std::pair(pass_tokens, passes++) : *found;
    if (found != rooms.end()) rooms.erase(found);
    rooms.emplace(room - lengths[i], pass);
    out[i] = pass;
  }
  return out;
}

Pass part(const Pass& p, std::size_t from, std::size_t to) {
  const auto begin = static_cast<std::ptrdiff_t>(p.begins[from]);
  const auto end = to < p.begins.size() ? static_cast<std::ptrdiff_t>(p.begins[to]) : std::ssize(p.ids);
  Pass out;
  out.ids.assign(p.ids.begin() + begin, p.ids.begin() + end);
  out.weights.assign(p.weights.begin() + begin, p.weights.begin() + end);
  for (std::size_t i = from; i < to; ++i) out.begins.push_back(p.begins[i] - begin);
  return out;
}

}  // namespace

std::vector<std::uint32_t> epoch_order(std::uint64_t seed, std::int64_t epoch, std::uint32_t count) {
  std::vector<std::uint32_t> order(count);
  std::iota(order.begin(), order.end(), 0u);
  Rng rng(derive_seed(seed, static_cast<std::uint64_t>(epoch)));
  for (std::uint32_t i = count; i > 1; --i) std::swap(order[i - 1], order[rng.below(i)]);
  return order;
}

std::int64_t steps_per_epoch(std::int64_t chains, std::int64_t batch) {
  return batch > 0 ? chains / batch + (chains % batch > 0) : 0;
}

bool held_out(const ChainText& chain, double share) {
  ContentHash hash;
  for (const text::Message& m : chain.messages) hash.add(m.role).add(m.content);
  return static_cast<double>(hash.digest() >> 11) * 0x1p-53 < share;
}

std::vector<Pass> make_passes(std::span<const Example> examples, std::span<const std::uint32_t> chosen,
                              std::int64_t micro_batch, std::int64_t pass_tokens) {
  const std::vector<float> weights = token_weights(examples, chosen, micro_batch);
  std::vector<std::int64_t> lengths;
  for (const std::uint32_t c : chosen) lengths.push_back(length(examples[c]));
  const std::vector<std::size_t> places = place(lengths, pass_tokens);
  std::vector<Pass> out(places.empty() ? 0 : *std::ranges::max_element(places) + 1);
  for (std::size_t i = 0; i < chosen.size(); ++i) append(out[places[i]], examples[chosen[i]], weights[i]);
  return out;
}

std::vector<Pass> halve(const Pass& p) {
  if (p.begins.size() < 2) return {};
  const auto middle = std::ssize(p.ids) / 2;
  const auto nearer = [&](std::int64_t a, std::int64_t b) { return std::abs(a - middle) < std::abs(b - middle); };
  const auto cut = std::min_element(p.begins.begin() + 1, p.begins.end(), nearer);
  const auto at = static_cast<std::size_t>(cut - p.begins.begin());
  return {part(p, 0, at), part(p, at, p.begins.size())};
}

}  // namespace rm::tune
