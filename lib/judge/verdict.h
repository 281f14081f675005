// Reads the verdict out of a reasoning trace.
//
// The trace is the model's own text and nothing else: candidate answers never come here, so what they contain cannot
// decide. Pure functions, no state, safe from any thread. Linear in the length of the trace; no recursion, no regex.
// The modes and where each comes from: rm-judge(1), "VERDICTS".
#pragma once

#include <optional>
#include <string_view>

namespace rm::judge {

enum class Side { kA, kB };
enum class NoVerdict { kMissing, kConflict };
enum class VerdictMode { kStrict, kRewardBench, kReward, kDistill };

struct Verdict {
  std::optional<Side> side;  // empty: see why
  NoVerdict why = NoVerdict::kMissing;
  std::size_t letter_byte = 0;  // where the deciding letter stands in the trace; valid with a side
  bool operator==(const Verdict& o) const { return side == o.side && (side || why == o.why); }
};

Verdict read_verdict(std::string_view trace, VerdictMode mode);
std::optional<VerdictMode> parse_mode(std::string_view name);  // strict, rewardbench, reward, distill

// RM-R1's training reward: +1 if the last 80 code points hold the label's answer tag and not the other's, else -1.
int rm_r1_reward(std::string_view trace, Side label);

}  // namespace rm::judge
