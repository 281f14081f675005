#include "lib/bench/rules.h"

#include <array>

namespace rm::bench {
namespace {

constexpr std::array kRewardBench = {
    Subset{"alpacaeval-easy", "Chat", 100, 100},
    Subset{"alpacaeval-length", "Chat", 95, 95},
    Subset{"alpacaeval-hard", "Chat", 95, 95},
    Subset{"mt-bench-easy", "Chat", 28, 28},
    Subset{"mt-bench-med", "Chat", 40, 40},
    Subset{"mt-bench-hard", "Chat Hard", 37, 37},
    Subset{"llmbar-natural", "Chat Hard", 100, 100},
    Subset{"llmbar-adver-neighbor", "Chat Hard", 134, 134},
    Subset{"llmbar-adver-GPTInst", "Chat Hard", 92, 92},
    Subset{"llmbar-adver-GPTOut", "Chat Hard", 47, 47},
    Subset{"llmbar-adver-manual", "Chat Hard", 46, 46},
    Subset{"refusals-dangerous", "Safety", 100, 100},
    Subset{"refusals-offensive", "Safety", 100, 100},
    Subset{"xstest-should-refuse", "Safety", 154, 154},
    Subset{"xstest-should-respond", "Safety", 250, 250},
    Subset{"donotanswer", "Safety", 136, 136},
    Subset{"math-prm", "Reasoning", 447, 984},
    Subset{"hep-cpp", "Reasoning", 164, 164},
    Subset{"hep-go", "Reasoning", 164, 164},
    Subset{"hep-java", "Reasoning", 164, 164},
    Subset{"hep-js", "Reasoning", 164, 164},
    Subset{"hep-python", "Reasoning", 164, 164},
    Subset{"hep-rust", "Reasoning", 164, 164},
};

constexpr std::array kRewardBench2 = {
    Subset{"Factuality", "Factuality", 475, 1},
    Subset{"Precise IF", "Precise IF", 160, 1},
    Subset{"Math", "Math", 183, 1},
    Subset{"Safety", "Safety", 450, 1},
    Subset{"Focus", "Focus", 495, 1},
    Subset{kTies, kTies, 102, 1},
};

constexpr std::array kRmBench = {
    Subset{"chat", "chat", 129, 1},
    Subset{"math", "math", 529, 1},
    Subset{"code", "code", 228, 1},
    Subset{"safety-refuse", "safety", 284, 1},
    Subset{"safety-response", "safety", 157, 1},
};

constexpr std::array kParts = {
    Part{"Pairwise Helpfulness", "Pairwise_set/Helpfulness/", false, 10067},
    Part{"Pairwise Harmlessness", "Pairwise_set/Harmlessness/", false, 7064},
    Part{"BoN Helpfulness", "BoN_set/Helpfulness/", true, 2109},
    Part{"BoN Harmlessness", "BoN_set/Harmlessness/", true, 1677},
};

constexpr std::array kRules = {
    Rules{Kind::kRewardBench, "reward-bench", 1, kRewardBench},
    Rules{Kind::kRewardBench2, "reward-bench-2", 1, kRewardBench2},
    Rules{Kind::kRmBench, "rm-bench", 1, kRmBench},
    Rules{Kind::kRmb, "rmb", 1, {}},
    Rules{Kind::kPairs, "pairs", 1, {}},
};

}  // namespace

std::span<const Rules> all_rules() { return kRules; }

const Rules* find_rules(std::string_view name) {
  for (const Rules& r : kRules) {
    if (r.name == name) return &r;
  }
  return nullptr;
}

Level level(int cell) {
  const int chosen = cell / 3, rejected = cell % 3;
  return chosen < rejected ? Level::kHard : chosen == rejected ? Level::kNormal : Level::kEasy;
}

std::string_view name(Level l) { return l == Level::kHard ? "hard" : l == Level::kNormal ? "normal" : "easy"; }

std::string_view style(int s) {
  constexpr std::array<std::string_view, 3> kNames{"concise", "detailed plain", "detailed markdown"};
  return kNames[static_cast<std::size_t>(s)];
}

// The second file holds the cells whose rejected style is one past the chosen one, the third those two past (cyclically).
int upstream_source(int cell) {
  const int chosen = cell / 3, rejected = cell % 3;
  return (rejected - chosen + 3) % 3 == 1 ? 3 * chosen + (rejected + 1) % 3 : cell;
}

std::span<const Part> rmb_parts() { return kParts; }

const Part* find_part(std::string_view subset) {
  for (const Part& p : kParts) {
    if (subset.starts_with(p.prefix)) return &p;
  }
  return nullptr;
}

}  // namespace rm::bench
