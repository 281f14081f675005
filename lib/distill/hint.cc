#include "lib/distill/hint.h"

namespace rm::distill {
namespace {

constexpr std::string_view kOpening =
    "[Note to the judge, for this time only]\n"
    "Another judge has read the same material and decided wrongly. The right verdict is ";
constexpr std::string_view kJudgement =
    "What the other judge wrote, wrong in its result and perhaps in its steps, stands between the next two lines.";
constexpr std::string_view kBegin = "[Judgement of the other judge begins]",
                           kEnd = "[Judgement of the other judge ends]";
constexpr std::string_view kAnew =
    "Judge the material anew in exactly the form that was asked for, and let reasons found in the question and the "
    "answers "
    "themselves lead to the right verdict.";
constexpr std::string_view kSilence =
    "Write as somebody who has seen nothing but the question and the answers: this note, the other judgement and the "
    "fact that "
    "the verdict was known beforehand must neither be mentioned nor shine through anywhere.";

}  // namespace

std::vector<text::Message> with_hint(std::vector<text::Message> prompt, judge::Side right, std::string_view judgement) {
  std::string& turn = prompt.back().content;
  turn += "\n\n";
  turn += kOpening;
  turn += right == judge::Side::kA ? "<answer>[[A]]</answer>." : "<answer>[[B]]</answer>.";
  turn += '\n';
  if (!judgement.empty()) {
    for (const std::string_view part : {kJudgement, kBegin, judgement, kEnd}) turn.append(part).append("\n");
  }
  turn.append(kAnew).append(" ").append(kSilence);
  return prompt;
}

std::array<std::string_view, 4> hint_sentences() { return {kOpening, kJudgement, kAnew, kSilence}; }

}  // namespace rm::distill
