#include "lib/judge/verdict.h"

#include "lib/judge/visible.h"

namespace rm::judge {
namespace {

constexpr std::string_view kAnswerA = "<answer>[[A]]</answer>";
constexpr std::string_view kAnswerB = "<answer>[[B]]</answer>";
constexpr std::size_t kLetterInAnswer = 10;  // of "<answer>[[A"
constexpr std::string_view kMarkA = "[[A]]";
constexpr std::string_view kMarkB = "[[B]]";
constexpr std::size_t kLetterInMark = 2;
constexpr std::size_t kRewardWindow = 80;
constexpr std::size_t kDistillWindow = 100;

// Which letters were found and where the last one stands.
struct Found {
  bool a = false, b = false;
  std::size_t byte = 0;

  void add(Side side, std::size_t letter) {
    (side == Side::kA ? a : b) = true;
    byte = letter;
  }
  Verdict verdict() const {
    if (a && b) return {std::nullopt, NoVerdict::kConflict, 0};
    if (!a && !b) return {std::nullopt, NoVerdict::kMissing, 0};
    return {a ? Side::kA : Side::kB, NoVerdict::kMissing, byte};
  }
};

// Both spellings searched as plain text in trace[from, end).
Verdict plain_search(std::string_view trace, std::size_t from, std::string_view spelling_a, std::string_view spelling_b,
                     std::size_t letter) {
  const std::string_view window = trace.substr(from);
  Found found;
  if (auto at = window.rfind(spelling_a); at != window.npos) found.add(Side::kA, from + at + letter);
  if (auto at = window.rfind(spelling_b); at != window.npos) found.add(Side::kB, from + at + letter);
  return found.verdict();
}

Verdict strict(std::string_view trace) {
  Found found;
  for (const AnswerBlock& b : answer_blocks(trace, [](std::string_view c) { return c == "A" || c == "B"; }))
    found.add(b.content == "A" ? Side::kA : Side::kB, b.byte);
  return found.verdict();
}

}  // namespace

std::string_view last_code_points(std::string_view text, std::size_t n) {
  std::size_t at = text.size();
  while (n > 0 && at > 0) {
    --at;
    if ((static_cast<unsigned char>(text[at]) & 0xC0) != 0x80) --n;
  }
  return text.substr(at);
}

Verdict read_verdict(std::string_view trace, VerdictMode mode) {
  switch (mode) {
    case VerdictMode::kStrict:
      return strict(trace);
    case VerdictMode::kRewardBench:
      return plain_search(trace, 0, kMarkA, kMarkB, kLetterInMark);
    case VerdictMode::kReward: {
      const std::size_t from = trace.size() - last_code_points(trace, kRewardWindow).size();
      return plain_search(trace, from, kAnswerA, kAnswerB, kLetterInAnswer);
    }
    case VerdictMode::kDistill: {
      const std::size_t from = trace.size() - last_code_points(trace, kDistillWindow).size();
      return plain_search(trace, from, kMarkA, kMarkB, kLetterInMark);
    }
  }
  return {};
}

std::optional<VerdictMode> parse_mode(std::string_view text) {
  for (VerdictMode m : {VerdictMode::kStrict, VerdictMode::kRewardBench, VerdictMode::kReward, VerdictMode::kDistill}) {
    if (text == name(m)) return m;
  }
  return std::nullopt;
}

const char* name(VerdictMode mode) {
  switch (mode) {
    case VerdictMode::kStrict:
      return "strict";
    case VerdictMode::kRewardBench:
      return "rewardbench";
    case VerdictMode::kReward:
      return "reward";
    case VerdictMode::kDistill:
      return "distill";
  }
  return "";
}

int rm_r1_reward(std::string_view trace, Side label) {
  const std::string_view window = last_code_points(trace, kRewardWindow);
  const bool a = window.find(kAnswerA) != window.npos;
  const bool b = window.find(kAnswerB) != window.npos;
  return (label == Side::kA ? a && !b : b && !a) ? 1 : -1;
}

bool distill_keeps(std::string_view trace, Side label) {
  const std::string_view window = last_code_points(trace, kDistillWindow);
  return window.find(label == Side::kA ? kMarkA : kMarkB) != window.npos;
}

}  // namespace rm::judge
