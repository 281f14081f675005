// Fuzzes what reads a model's own text: the verdict in every mode, the rubric; and the prompt file over the same bytes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/judge/prompt.h"
#include "lib/judge/rubric_wording.h"
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
  const rm::rubric::Rubric rubric = rm::rubric::read_rubric(text);
  for (const rm::rubric::Criterion& c : rubric.criteria) {
    require(!c.name.empty());
    if (c.weight) require(*c.weight >= 0 && *c.weight <= 1);
  }
  for (const rm::rubric::Unread& u : rubric.unread) require(!u.what.empty() && !u.reason.empty());
  // What is written reads back as it was, where the trace was text at all.
  std::string written, again;
  rm::json::Writer w(written);
  rm::records::write_rubric(w, rubric);
  rm::json::Document document;
  const auto value = document.parse(written);
  require(value.ok());
  const auto back = rm::records::read_rubric(*value);
  require(back.ok());
  rm::json::Writer v(again);
  rm::records::write_rubric(v, *back);
  require(written == again);
  (void)rm::judge::shown(rubric);
  (void)PromptSet::parse(text, "prompt.json");
  return 0;
}
