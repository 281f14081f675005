#include "lib/judge/verdict.h"

#include <array>

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
  void add(const Found& o) {
    if (!o.a && !o.b) return;
    a |= o.a;
    b |= o.b;
    byte = o.byte;
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

// An element whose inside does not decide.
struct Element {
  std::string_view open, close;
};
constexpr std::array<Element, 4> kQuotes{{{"<quote_A>", "</quote_A>"},
                                          {"<quote_B>", "</quote_B>"},
                                          {"<summary_A>", "</summary_A>"},
                                          {"<summary_B>", "</summary_B>"}}};
constexpr Element kThink{"<think>", "</think>"};
constexpr Element kEval{"<eval>", "</eval>"};
constexpr Element kAnswer{"<answer>", "</answer>"};

class StrictReader {
 public:
  explicit StrictReader(std::string_view trace) : trace_(trace) {
    for (std::size_t i = 0; i < kQuotes.size(); ++i) last_close_[i] = trace.rfind(kQuotes[i].close);
  }

  Verdict read() {
    std::size_t at = end_of_opened_thought();
    while ((at = trace_.find('<', at)) != trace_.npos) at = step(at);
    decided_.add(inside_);  // an outer <answer> that never closes hides nothing
    return decided_.verdict();
  }

 private:
  bool here(std::size_t at, std::string_view tag) const { return trace_.compare(at, tag.size(), tag) == 0; }

  // After the first </think>, where no <think> and no <eval> comes before it; else the start.
  std::size_t end_of_opened_thought() const {
    const std::size_t close = trace_.find(kThink.close);
    if (close == trace_.npos) return 0;
    const std::string_view before = trace_.substr(0, close);
    if (before.find(kThink.open) != before.npos || before.find(kEval.open) != before.npos) return 0;
    return close + kThink.close.size();
  }

  // End of the complete quote that opens at `at`, or npos.
  std::size_t quote_end(std::size_t at) const {
    for (std::size_t i = 0; i < kQuotes.size(); ++i) {
      if (!here(at, kQuotes[i].open)) continue;
      if (last_close_[i] == trace_.npos || last_close_[i] < at) return trace_.npos;
      return trace_.find(kQuotes[i].close, at) + kQuotes[i].close.size();
    }
    return trace_.npos;
  }

  // End of the <eval> that opens at `at`, or npos. Once one is never closed, no later one is either.
  std::size_t eval_end(std::size_t at) {
    if (eval_left_open_) return trace_.npos;
    std::size_t p = at + kEval.open.size();
    while ((p = trace_.find('<', p)) != trace_.npos) {
      if (here(p, kEval.close)) return p + kEval.close.size();
      const std::size_t end = quote_end(p);
      p = end == trace_.npos ? p + 1 : end;
    }
    eval_left_open_ = true;
    return trace_.npos;
  }

  // Handles the '<' at `at` in visible text; returns where to go on.
  std::size_t step(std::size_t at) {
    if (here(at, kThink.open)) {
      const std::size_t close = trace_.find(kThink.close, at);
      return close == trace_.npos ? trace_.size() : close + kThink.close.size();
    }
    if (here(at, kEval.open)) {
      if (const std::size_t end = eval_end(at); end != trace_.npos) return end;
    } else if (const std::size_t end = quote_end(at); end != trace_.npos) {
      return end;
    } else if (here(at, kAnswerA)) {
      (open_ ? inside_ : decided_).add(Side::kA, at + kLetterInAnswer);
      return at + kAnswerA.size();
    } else if (here(at, kAnswerB)) {
      (open_ ? inside_ : decided_).add(Side::kB, at + kLetterInAnswer);
      return at + kAnswerB.size();
    } else if (here(at, kAnswer.open)) {
      open_ = true;
    } else if (here(at, kAnswer.close)) {
      if (open_) inside_ = {};
      open_ = false;
    }
    return at + 1;
  }

  std::string_view trace_;
  std::array<std::size_t, kQuotes.size()> last_close_{};
  bool eval_left_open_ = false;
  bool open_ = false;  // inside an <answer> that is not a block by itself
  Found decided_, inside_;
};

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
      return StrictReader(trace).read();
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
