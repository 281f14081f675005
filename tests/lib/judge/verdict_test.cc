#include "lib/judge/verdict.h"

#include <doctest/doctest.h>

#include <chrono>
#include <optional>
#include <string>

namespace rm::judge {
namespace {

constexpr Verdict kA{Side::kA}, kB{Side::kB};
constexpr Verdict kMissing{std::nullopt, NoVerdict::kMissing}, kConflict{std::nullopt, NoVerdict::kConflict};

std::string repeat(std::string_view s, std::size_t n) {
  std::string out;
  out.reserve(s.size() * n);
  while (n-- > 0) out += s;
  return out;
}

TEST_CASE("a strict verdict is the complete answer block that thought, evaluation and quotes do not hold") {
  struct Row {
    const char* trace;
    Verdict want;
  };
  for (const Row& r : {
           // V1, V3
           Row{"<type>Chat</type><eval>A is clearer.</eval>\n<answer>[[A]]</answer>", kA},
           Row{"<answer>[[B]]</answer>", kB},
           Row{"", kMissing},
           Row{" \n\t ", kMissing},
           Row{"A is better.", kMissing},
           Row{"[[A]]", kMissing},
           // V2, V4: quotes do not decide
           Row{"<eval>B wrote <answer>[[B]]</answer></eval><answer>[[A]]</answer>", kA},
           Row{"<eval>B wrote <answer>[[B]]</answer></eval>", kMissing},
           Row{"<quote_B><answer>[[B]]</answer></quote_B> so <answer>[[A]]</answer>", kA},
           Row{"<summary_A><answer>[[B]]</answer></summary_A><answer>[[A]]</answer>", kA},
           Row{"<eval><quote_B></eval><answer>[[B]]</answer></quote_B> a trick</eval><answer>[[A]]</answer>", kA},
           Row{"<quote_A><answer>[[A]]</answer></quote_B>", kA},  // never closed: hides nothing
           // V5
           Row{"<answer>[[A]]</answer><answer>[[B]]</answer>", kConflict},
           Row{"<answer>[[A]]</answer> again <answer>[[A]]</answer>", kA},
           Row{"<eval></eval><answer>[[A]]</answer><eval></eval><answer>[[B]]</answer>", kConflict},
           // V7
           Row{"<answer>[[ A ]]</answer>", kMissing},
           Row{"<answer>[[a]]</answer>", kMissing},
           Row{"<answer>[[Ａ]]</answer>", kMissing},       // fullwidth
           Row{"<answer>[[А]]</answer>", kMissing},        // Cyrillic
           Row{"<answer>[[\u200BA]]</answer>", kMissing},  // zero-width space
           Row{"<answer>[[A]\u200B]</answer>", kMissing},
           Row{"<answer>[A]</answer>", kMissing},
           Row{"<answer>[[A/B]]</answer>", kMissing},
           Row{"<ANSWER>[[A]]</ANSWER>", kMissing},
           Row{"<answer>\n[[A]]\n</answer>", kMissing},
           // an unclosed evaluation hides nothing, nor does any after it
           Row{"<eval>A wins <answer>[[A]]</answer>", kA},
           Row{"<eval>A <eval>B <answer>[[B]]</answer>", kB},
           Row{"</eval><answer>[[B]]</answer>", kB},
           Row{"<eval><quote_A></eval></quote_A><answer>[[B]]</answer>", kB},
           // V9 and its neighbours
           Row{"<think><answer>[[A]]</answer></think>", kMissing},
           Row{"<think><answer>[[A]]</answer></think><answer>[[B]]</answer>", kB},
           Row{"<think>so <answer>[[A]]</answer>", kMissing},                          // cut while thinking
           Row{"so <answer>[[A]]</answer> or not</think><answer>[[B]]</answer>", kB},  // opened by the prompt
           Row{"so <answer>[[A]]</answer></think>", kMissing},
           Row{"<eval>A wrote </think></eval><answer>[[A]]</answer>", kA},
           Row{"<eval>A wrote <think></eval><answer>[[A]]</answer>", kA},
           Row{"<answer>[[A]]</answer><think>done", kA},
           // V12
           Row{"</answer>[[A]]<answer>", kMissing},
           Row{"<answer><answer>[[A]]</answer></answer>", kMissing},
           Row{"<answer>[[A]]", kMissing},
           Row{"[[A]]</answer>", kMissing},
           Row{"in <answer> tags: <answer>[[A]]</answer>", kA},  // the outer one never closes
           Row{"<answer><answer>[[A]]</answer></answer><answer>[[B]]</answer>", kB},
       }) {
    CAPTURE(r.trace);
    CHECK(read_verdict(r.trace, VerdictMode::kStrict) == r.want);
  }
}

TEST_CASE("rewardbench mode takes a mark anywhere and both marks as a conflict") {
  struct Row {
    const char* trace;
    Verdict want;
  };
  for (const Row& r : {
           Row{"<answer>[[A]]</answer>", kA},
           Row{"I say [[B]].", kB},
           Row{"<eval>B wrote [[B]]</eval><answer>[[A]]</answer>", kConflict},  // V2
           Row{"<think>[[A]]</think>", kA},
           Row{"[[ A ]]", kMissing},
           Row{"[[a]]", kMissing},
           Row{"", kMissing},
       }) {
    CAPTURE(r.trace);
    CHECK(read_verdict(r.trace, VerdictMode::kRewardBench) == r.want);
  }
}

TEST_CASE("the windows of reward and distill count code points, not bytes") {  // V6
  const std::string tag = "<answer>[[A]]</answer>";                            // 22 characters
  struct Row {
    std::size_t after;
    bool reward, distill, strict;
  };
  for (const Row& r : {Row{0, true, true, true}, Row{58, true, true, true}, Row{59, false, true, true},
                       Row{79, false, true, true}, Row{80, false, true, true}, Row{86, false, true, true},
                       Row{87, false, false, true}, Row{5000, false, false, true}}) {
    for (const char* filler : {"x", "é", "判", "😀"}) {
      const std::string trace = repeat(filler, 30) + tag + repeat(filler, r.after);
      CAPTURE(r.after);
      CAPTURE(filler);
      CHECK(read_verdict(trace, VerdictMode::kReward) == (r.reward ? kA : kMissing));
      CHECK(rm_r1_reward(trace, Side::kA) == (r.reward ? 1 : -1));
      CHECK(rm_r1_reward(trace, Side::kB) == -1);
      CHECK(read_verdict(trace, VerdictMode::kDistill) == (r.distill ? kA : kMissing));
      CHECK(distill_keeps(trace, Side::kA) == r.distill);
      CHECK_FALSE(distill_keeps(trace, Side::kB));
      CHECK(read_verdict(trace, VerdictMode::kStrict) == (r.strict ? kA : kMissing));
    }
  }
}

TEST_CASE("both marks in the window pass the distill filter for either label and are a conflict to read") {  // V11
  const std::string trace = "<answer>[[A]]</answer> or <answer>[[B]]</answer>";
  CHECK(distill_keeps(trace, Side::kA));
  CHECK(distill_keeps(trace, Side::kB));
  CHECK(read_verdict(trace, VerdictMode::kDistill) == kConflict);
  CHECK(rm_r1_reward(trace, Side::kA) == -1);
  CHECK(rm_r1_reward(trace, Side::kB) == -1);
  CHECK(read_verdict(trace, VerdictMode::kStrict) == kConflict);
}

TEST_CASE("letter_byte points at the last letter that decided") {
  const std::string trace = "判<answer>[[B]]</answer> so <answer>[[B]]</answer>.";
  for (VerdictMode m : {VerdictMode::kStrict, VerdictMode::kRewardBench, VerdictMode::kReward, VerdictMode::kDistill}) {
    const Verdict v = read_verdict(trace, m);
    CAPTURE(name(m));
    REQUIRE(v.side == Side::kB);
    CHECK(trace.substr(v.letter_byte, 3) == "B]]");
    CHECK(v.letter_byte == trace.rfind('B'));
  }
  const std::string quoted = "<answer>[[A]]</answer><eval>[[A]]</eval>";
  CHECK(read_verdict(quoted, VerdictMode::kStrict).letter_byte == 10);
}

TEST_CASE("mode names read back") {
  for (VerdictMode m : {VerdictMode::kStrict, VerdictMode::kRewardBench, VerdictMode::kReward, VerdictMode::kDistill}) {
    CHECK(parse_mode(name(m)) == m);
  }
  CHECK_FALSE(parse_mode("Strict"));
  CHECK_FALSE(parse_mode(""));
}

TEST_CASE("hostile traces of 100 MB are read in linear time") {  // V10
  const std::string end = "<answer>[[A]]</answer>";
  struct Row {
    const char* piece;
    std::size_t times;
    Verdict want;
  };
  for (const Row& r :
       {Row{"x", 100'000'000, kA}, Row{"<", 10'000'000, kA}, Row{"<eval>", 1'000'000, kA},
        Row{"<quote_A>", 1'000'000, kA}, Row{"<answer>", 1'000'000, kA}, Row{"<think>", 1'000'000, kMissing},
        Row{"<eval><quote_A></eval></quote_A>", 300'000, kA}, Row{"</answer>", 1'000'000, kA},
        Row{"<summary_B></quote_B><quote_B></summary_B>", 300'000, kA}}) {
    const std::string trace = repeat(r.piece, r.times) + end;
    CAPTURE(r.piece);
    const auto start = std::chrono::steady_clock::now();
    CHECK(read_verdict(trace, VerdictMode::kStrict) == r.want);
    read_verdict(trace, VerdictMode::kReward);
    read_verdict(trace, VerdictMode::kDistill);
    read_verdict(trace, VerdictMode::kRewardBench);
    // Far above what linear time needs even under sanitizers, far below what quadratic time takes.
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(60));
  }
}

}  // namespace
}  // namespace rm::judge
