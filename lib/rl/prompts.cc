#include "lib/rl/prompts.h"

#include <algorithm>

#include "lib/base/number.h"
#include "lib/text/encode.h"

namespace rm::rl {
namespace {

Result<judge::Side> label_of(const records::Pair& pair, bool swapped) {
  if (!pair.label)
    return make_error(Exit::kInput, "no_label",
                      "says not which answer is better; --skip-unlabelled leaves such pairs out");
  if (*pair.label == records::Label::kTie)
    return make_error(Exit::kInput, "tied",
                      "the answers are tied, so no verdict is right; --skip-unlabelled leaves such pairs out");
  const bool first = *pair.label == records::Label::kFirst;
  return first != swapped ? judge::Side::kA : judge::Side::kB;
}

Result<void> check(const Prompt& p, std::int64_t most, std::int64_t vocab) {
  if (p.ids.empty()) return make_error(Exit::kInput, "empty", "the prompt has no tokens");
  if (most > 0 && std::ssize(p.ids) > most) {
    return make_error(Exit::kInput, "too_long",
                      "the prompt has " + format_grouped(p.ids.size()) + " tokens; at most " +
                          format_grouped(static_cast<std::uint64_t>(most)) +
                          " are taken (--max-prompt-tokens), and none is cut");
  }
  const auto [least, largest] = std::ranges::minmax_element(p.ids);
  if (*least >= 0 && *largest < vocab) return {};
  return make_error(Exit::kModel, "wrong_vocabulary",
                    "the tokenizer has a token " + std::to_string(*largest) + " and the model only " +
                        std::to_string(vocab) + ": tokenizer and weights are not of one model");
}

}  // namespace

Result<Prompt> PromptMaker::make(const records::Pair& pair, bool swapped) const {
  RM_TRY(wording.can_show(pair, settings.form));
  Prompt p;
  p.swapped = swapped;
  RM_ASSIGN(p.label, label_of(pair, swapped));
  RM_ASSIGN(const std::vector<text::Segment> segments,
            chat.render(wording.messages(pair, swapped, settings.form), true));
  p.ids = text::encode_prompt(tokenizer, segments).ids;
  RM_TRY(check(p, most_tokens, vocab));
  return p;
}

Result<std::vector<Prompt>> PromptMaker::read(const json::Value& record, bool both) const {
  RM_ASSIGN(const records::Pair pair, records::read_pair(record, map));
  const bool swapped = judge::swapped_order(pair, settings);
  std::vector<Prompt> out;
  for (const bool turned : {false, true}) {
    if (turned && (!both || pair.rendered)) break;
    RM_ASSIGN(Prompt p, make(pair, swapped != turned));
    out.push_back(std::move(p));
  }
  return out;
}

}  // namespace rm::rl
