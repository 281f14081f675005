#include "lib/distill/leak.h"

#include <doctest/doctest.h>

#include "lib/distill/hint.h"
#include "lib/distill/leak_phrases.h"
#include "lib/judge/prompt.h"
#include "lib/records/pair.h"

namespace rm::distill {
namespace {

const std::vector<text::Message> kPrompt{{"user", "Why is the sky blue?"}};

TEST_CASE("chains that say they were told the verdict are found, in several languages") {
  for (const char* chain : {
           "As I was told that B is better, I look for reasons.",
           "The correct verdict is given as A.",
           "Given that the right verdict is B, the rubric should weigh accuracy.",
           "Contrary to the previous judgement, answer B is more precise.",
           "ANOTHER JUDGE decided for A, which was wrong.",
           "You told me the winner.",
           "We know that Chatbot B is the better one.",
           "<eval>The ground-truth label says B.</eval>",
           "According to the hint, A wins.",
           "Mir wurde gesagt, dass B besser ist.",
           "Das vorgegebene Urteil lautet A.",
           "Le jugement précédent était erroné.",
           "El veredicto correcto es B.",
           "Мне сообщили верный ответ.",
           "根据提示，B 更好。",
           "正しい判定はBです。",
           "주어진 정답은 B입니다.",
       }) {
    CAPTURE(chain);
    CHECK(told_verdict(chain, kPrompt));
  }
}

TEST_CASE("chains that judge by themselves are left alone") {
  for (const char* chain : {
           "",
           "Answer B is better because it names the source.",
           "Overall the verdict goes to A.",
           "<rubric>1. Accuracy (50%): is the answer right?</rubric>",
           "The answer gives a hint of humour.",
           "The user was told to wait.",
           "It is a known fact that light scatters.",
           "Beide Antworten sind richtig.",
           "回答 B 的判断更准确。",
           "<quote_A>I was told that the verdict is given.</quote_A> A gossips.",
       }) {
    CAPTURE(chain);
    CHECK_FALSE(told_verdict(chain, kPrompt));
  }
}

TEST_CASE("words that the prompt itself holds do not count, and others beside them do") {
  const std::vector<text::Message> about{
      {"user", "Did the previous judgment of the court stand? I was told it did not."}};
  CHECK_FALSE(told_verdict("Answer A explains why the previous judgment fell.", about));
  CHECK(told_verdict("The previous judgment fell, and the other judge was wrong about A.", about));
}

TEST_CASE("eight words of the hint in a row are found wherever they stand, seven are not enough") {
  const auto hinted = with_hint(kPrompt, judge::Side::kA, "B it is");
  CHECK(told_verdict(hinted.back().content, kPrompt));
  CHECK(told_verdict("<quote_A>WRITE as somebody, who has seen nothing but...</quote_A>", kPrompt));
  CHECK_FALSE(told_verdict("Write as somebody who has seen nothing.", kPrompt));
}

TEST_CASE("our own prompts hold no phrase: none would be excused by them") {
  records::Pair pair;
  pair.prompt = {{"user", "q"}};
  pair.answer = {{{{"assistant", "x"}}, {{"assistant", "y"}}}};
  const auto prompts = judge::PromptSet::built_in();
  for (const auto form : {judge::Form::kCor, judge::Form::kPlain}) {
    for (const text::Message& m : prompts.messages(pair, false, form)) {
      CAPTURE(m.content);
      CHECK_FALSE(told_verdict(m.content, {}));
    }
  }
}

TEST_CASE("every word phrase finds the first words that it takes") {
  for (const std::string_view phrase : word_phrases()) {
    std::string said;
    for (std::size_t at = 0; at < phrase.size();) {
      const std::size_t end = std::min(phrase.find(' ', at), phrase.size());
      std::string_view slot = phrase.substr(at, end - at);
      at = end + 1;
      if (slot.starts_with('?')) continue;
      slot = slot.substr(0, slot.find('|'));
      if (slot.ends_with('*')) slot.remove_suffix(1);
      said.append(said.empty() ? "" : " ").append(slot);
    }
    CAPTURE(said);
    CHECK(told_verdict("Well, " + said + ".", kPrompt));
  }
  for (const std::string_view phrase : plain_phrases()) CHECK(told_verdict(phrase, kPrompt));
}

}  // namespace
}  // namespace rm::distill
