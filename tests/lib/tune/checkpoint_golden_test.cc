// A checkpoint that three ranks would have written, by goldens/checkpoints.py with the safetensors and xxhash packages: slices
// of other sizes than ours, in other files, under other keys, listed in another order.
#include <doctest/doctest.h>

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lib/tune/checkpoint.h"

using namespace rm;
using namespace rm::tune;

TEST_CASE("the slices of three ranks load as whole tensors") {
  const std::vector<std::pair<std::string, std::vector<std::uint64_t>>> shapes = {
      {"model.embed_tokens.weight", {13, 6}}, {"model.norm.weight", {6}}, {"alone", {1, 2, 2}}, {"scale", {}}};
  std::vector<StateTensor> tensors;
  for (const char* slot : {"weight", "exp_avg", "exp_avg_sq"})
    for (const auto& [name, shape] : shapes) tensors.push_back({name, slot, shape});
  const auto found = newest_checkpoint(std::string(RM_SOURCE_DIR) + "/tests/golden/tune/checkpoints",
                                       [](const std::string& s) { FAIL(s); });
  REQUIRE(found);
  REQUIRE(found->has_value());
  const RunFacts& f = (*found)->facts;
  CHECK(f.step == 12);
  CHECK(f.epoch == 1);
  CHECK(f.position == 1408);
  CHECK(f.seed == 11400714819323198485u);
  CHECK(f.rng == 1ull << 63);
  CHECK(f.threads == 2);
  CHECK(f.isa == "avx2");
  CHECK(f.notes == "{\"note\": \"größe ☃\"}");
  std::map<std::size_t, std::uint64_t> seen;
  const auto loaded = load_checkpoint(
      **found, tensors, [&](std::size_t index, std::uint64_t first, std::span<const float> from) -> Result<void> {
        const std::size_t start = 100 * (index / shapes.size()) + 10 * (index % shapes.size());
        seen[index] += from.size();
        for (const float v : from) CHECK(v == static_cast<float>(start) + static_cast<float>(first++) / 8);
        return {};
      });
  REQUIRE(loaded);
  for (std::size_t i = 0; i < tensors.size(); ++i) CHECK(seen[i] == tensors[i].elements());
}
