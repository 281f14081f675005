#include "lib/distill/leak_phrases.h"

#include <array>

namespace rm::distill {
namespace {

constexpr std::array<std::string_view, 57> kWords{
    // English: somebody told me
    "i|we was|were|am|are|have|had ?been told|informed",
    "i've|we've been told|informed",
    "you|they told|informed me|us",
    "i|we was|were|am|are|have|had ?been given|provided ?with the|a correct|right|true|final|verdict|label",
    "i|we was|were|am|are|have|had ?been asked|instructed|told to justify|support|defend|reach|arrive|conclude",
    "verdict|label|judgement|judgment ?that|which i|we was|were|am|are|have|had ?been given|told",
    "verdict|label|judgement|judgment ?that|which was|is|has|had ?been given|provided|told to me|us",
    // English: it is known beforehand
    "given|provided|known|supplied|predetermined|stated|required|expected|indicated ?correct|right|true|final "
    "verdict|label",
    "correct|right|true|actual verdict|judgement|judgment|label|winner is|was|has|being ?been ?already "
    "known|given|provided|stated|told|predetermined",
    "verdict is|was ?already known|predetermined|given|provided|decided beforehand|already|above|in|by",
    "given|knowing that the correct|right|true verdict|judgement|judgment|label",
    "know|knowing ?that ?the chatbot|answer|response a|b is|was|must|should ?be ?the right|correct|better|winner",
    "since|because|as we|i ?already know ?that ?the correct|right|true verdict|label|winner|judgement|judgment",
    "the right|correct|true verdict is|was",
    "ground|gold|golden ?truth verdict|label|labels|judgement|judgment|preference|winner",
    "reference|true verdict|label|judgement|judgment",
    "according to the|this|that|your hint|note",
    "the|this|that|your hint says|said|states|stated|tells|told|indicates|suggests|gives|gave|provided|above",
    "note to the judge",
    "as the|this|that note|hint says|said|states|stated|tells|indicates",
    // English: there was another judgement
    "the|that|this previous|prior|earlier|wrong|incorrect|mistaken|other|first|original|initial|flawed "
    "judge|judge's|judgement|judgment|verdict|evaluator|evaluator's",
    "another|different|previous|other judge|evaluator|judge's|evaluator's",
    "my previous|earlier|prior|initial|wrong judgement|judgment|verdict",
    // German
    "mir|uns wurde|ist|war|wurden gesagt|mitgeteilt|vorgegeben",
    "vorgegebene*|bekannte*|gegebene*|richtige*|korrekte*|vorgesehene* urteil|verdikt",
    "laut|gemäß|nach ?dem|der hinweis|vorgabe|anmerkung",
    "vorherige*|frühere*|falsche*|vorige*|andere* urteil|richter|verdikt|gutachter",
    // French
    "on m'a|nous|m'avait|m'avez ?a dit|indiqué|informé|donné",
    "verdict|jugement correct|donné|fourni|attendu|connu|indiqué|imposé",
    "bon|vrai|juste verdict",
    "jugement|verdict|juge|évaluateur précédent|erroné|incorrect|antérieur",
    "autre|précédent|premier juge|évaluateur|jugement",
    "selon|d'après l'indice|l'indication|l'étiquette",
    // Spanish
    "me|nos ?han dijeron|dicho|indicaron|indicado|informaron|informado|dijo",
    "veredicto|juicio correcto|dado|proporcionado|conocido|indicado|esperado|verdadero",
    "veredicto|juicio|juez|evaluador anterior|previo|erróneo|equivocado|incorrecto",
    "otro|anterior juez|evaluador|juicio",
    "según|conforme la|a ?la pista|indicación|etiqueta",
    // Portuguese
    "me|nos foi|foram|disseram|informaram dito|informado|que",
    "veredito|veredicto|julgamento correto|dado|fornecido|conhecido|indicado|esperado|certo",
    "veredito|veredicto|julgamento|juiz|avaliador anterior|prévio|errado|incorreto",
    "outro|anterior juiz|avaliador|julgamento",
    "segundo|conforme|de a|acordo ?com ?a dica|indicação",
    // Italian
    "mi|ci è|hanno|era stato|detto|comunicato|indicato ?detto",
    "verdetto|giudizio corretto|dato|fornito|noto|indicato|atteso|giusto",
    "verdetto|giudizio|giudice|valutatore precedente|errato|sbagliato|scorretto",
    "altro|precedente giudice|valutatore|giudizio",
    "secondo il|l'indicazione|l'etichetta suggerimento|data|fornita",
    // Russian
    "мне|нам ?было сказали|сообщили|сказано|сообщено|указали",
    "данный|известный|указанный|заданный|правильный|верный|верного|правильного вердикт|вердикта",
    "правильное|верное|известное|заданное решение|суждение уже|известно|дано|указано",
    "предыдущ*|ошибочн*|неверн*|прежн* вердикт*|суждени*|судья|судьи|судью",
    "другой|другого|другим судья|судьи|судью|судьей",
    "согласно|по ?данной подсказке|указанию|примечанию",
    // Dutch
    "mij|ons werd|is verteld|meegedeeld|gezegd",
    "gegeven|juiste|bekende|correcte oordeel|verdict",
    "vorige|eerdere|onjuiste|andere oordeel|rechter|beoordelaar",
};

constexpr std::array<std::string_view, 86> kPlain{
    // Chinese, simplified
    "我被告知",
    "已被告知",
    "被告知正确",
    "被告知答案",
    "我被告诉",
    "已知正确答案",
    "已知的正确",
    "给定的正确",
    "给出的正确",
    "提供的正确",
    "给定的判",
    "给定的结论",
    "给定的裁",
    "正确的判决是",
    "正确的裁决是",
    "正确判决是",
    "正确裁决是",
    "正确的评判是",
    "正确的判断是",
    "根据提示",
    "按照提示",
    "依据提示",
    "提示中说",
    "提示中指出",
    "提示指出",
    "提示告诉",
    "提示给出",
    "先前的判断",
    "先前的判决",
    "之前的判断",
    "之前的判决",
    "先前的评判",
    "之前的评判",
    "上一个判断",
    "上一次判断",
    "前一个判断",
    "前一位评",
    "先前错误",
    "之前错误的判",
    "另一位评",
    "另一个评判",
    "另一位裁判",
    "另一位法官",
    "真实标签",
    "事先知道正确",
    "预先给定的",
    // Chinese, traditional
    "已知的正確",
    "給定的正確",
    "給出的正確",
    "正確的判決是",
    "正確的裁決是",
    "正確的判斷是",
    "根據提示",
    "提示指出",
    "先前的判斷",
    "之前的判斷",
    "先前的評判",
    "之前的評判",
    "另一位評",
    "另一位裁判",
    // Japanese
    "正しい判定は",
    "正しい判決は",
    "与えられた判定",
    "与えられた正解",
    "以前の判定",
    "前回の判定",
    "先の判定",
    "誤った判定が",
    "別の審査",
    "別の評価者",
    "他の審査",
    "他の評価者",
    "ヒントによ",
    "ヒントに従",
    "と教えられ",
    "と知らされ",
    // Korean
    "주어진 판정",
    "주어진 정답",
    "올바른 판정은",
    "이전 판정",
    "이전 판단",
    "이전의 판정",
    "다른 심사",
    "다른 평가자",
    "힌트에 따",
    "라고 들었",
};

}  // namespace

std::span<const std::string_view> word_phrases() { return kWords; }
std::span<const std::string_view> plain_phrases() { return kPlain; }

}  // namespace rm::distill
