// Fuzzes what reads a model's own text: the verdict in every mode, the rubric; and the prompt file over the same bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "lib/judge/prompt.h"
#include "lib/judge/verdict.h"
#include "lib/rubric/rubric.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rm::judge;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (VerdictMode m : {VerdictMode::kStrict, VerdictMode::kRewardBench, VerdictMode::kReward, VerdictMode::kDistill}) {
    const Verdict v = read_verdict(text, m);
    if (v.side) require(v.letter_byte < size && text[v.letter_byte] == (*v.side == Side::kA ? 'A' : 'B'));
  }
  const Verdict reward = read_verdict(text, VerdictMode::kReward);
  for (Side side : {Side::kA, Side::kB}) {
    require((rm_r1_reward(text, side) == 1) == (reward.side == side));
    if (reward.side == side) require(distill_keeps(text, side));
  }
  for (const rm::rubric::Criterion& c : rm::rubric::read_rubric(text).criteria) {
    require(!c.name.empty());
    if (c.weight) require(*c.weight >= 0 && *c.weight <= 1);
  }
  (void)PromptSet::parse(text, "prompt.json");
  return 0;
}
