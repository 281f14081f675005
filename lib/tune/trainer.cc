#include "lib/tune/trainer.h"

#include <algorithm>

namespace rm::tune {

std::optional<std::size_t> find_state(std::span<const StateTensor> state, std::string_view name,
                                      std::string_view slot) {
  const auto found =
      std::ranges::find_if(state, [&](const StateTensor& s) { return s.slot == slot && s.name == name; });
  if (found == state.end()) return std::nullopt;
  return static_cast<std::size_t>(found - state.begin());
}

PassSums& operator+=(PassSums& a, const PassSums& b) {
  a.loss += b.loss;
  a.weight += b.weight;
  a.plain_loss += b.plain_loss;
  a.targets += b.targets;
  a.right += b.right;
  a.penalty += b.penalty;
  a.entropy += b.entropy;
  a.drift += b.drift;
  a.gap += b.gap;
  a.most_gap = std::max(a.most_gap, b.most_gap);
  a.clipped += b.clipped;
  return a;
}

}  // namespace rm::tune
