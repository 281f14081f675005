// Reads the verdict out of a reasoning trace.
//
// The trace is the model's own text and nothing else: candidate answers never come here, so what they contain cannot
// decide. Pure functions, no state, safe from any thread. Linear in the length of the trace; no recursion, no regex.
// The modes and where each comes from: rm-judge(1), "VERDICTS".
//
// kStrict reads every block <answer>[[A]]</answer> or <answer>[[B]]</answer>, written exactly so, in the visible text
// (judge/visible.h). Blocks of both letters are a conflict.
//
// kRewardBench: [[A]] or [[B]] anywhere, both is a conflict. RM-R1-UIUC/RM-R1, eval/*/rewardbench/generative.py,
// process_judgement (an "error" there). kReward: the answer block in the last 80 code points, as rm_r1_reward.
// kDistill: the mark [[X]] in the last 100 code points, both is a conflict; distill_keeps is the filter itself.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace rm::judge {

enum class Side { kA, kB };
enum class NoVerdict { kMissing, kConflict };
enum class VerdictMode { kStrict, kRewardBench, kReward, kDistill };

struct Verdict {
  std::optional<Side> side;  // empty: see why
  NoVerdict why = NoVerdict::kMissing;
  std::size_t letter_byte = 0;  // where the last deciding letter stands in the trace; valid with a side
  bool operator==(const Verdict& o) const { return side == o.side && (side || why == o.why); }
};

Verdict read_verdict(std::string_view trace, VerdictMode mode);
std::optional<VerdictMode> parse_mode(std::string_view name);  // strict, rewardbench, reward, distill
const char* name(VerdictMode mode);

// RM-R1's training reward: +1 if the last 80 code points hold the label's answer tag and not the other's, else -1.
// Counts code points as Python slices do. RM-R1-UIUC/RM-R1, rm_r1/verl/utils/reward_score/lm_as_judge.py.
int rm_r1_reward(std::string_view trace, Side label);

// RM-R1's first-pass filter of teacher chains: the last 100 code points hold the label's mark; the other's mark is not looked
// for. RM-R1-UIUC/RM-R1, rm_r1/dataset/reasoning_chain_generation/process_anthropic_first_time.py.
bool distill_keeps(std::string_view trace, Side label);

// The last `n` code points of a text; the whole of a shorter one.
std::string_view last_code_points(std::string_view text, std::size_t n);

}  // namespace rm::judge
