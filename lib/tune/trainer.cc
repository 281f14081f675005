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

}  // namespace rm::tune
