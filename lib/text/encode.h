// Prompts and replies as the ids a model sees and writes: what a generator, a trainer and a judge must agree on.
//
// A prompt is a rendered one with bos first where the tokenizer asks for it. A reply is a model's own text: the plain added tokens it
// writes ("<think>") are single tokens again, special ones never are, whatever the text says. Pure; any thread; linear in the text for
// each added token.
#pragma once

#include <span>
#include <string_view>

#include "lib/text/tokenizer.h"

namespace rm::text {

struct PromptIds {
  Ids ids;
  bool bos_added = false;  // bos stands first and the template had not written it
};
PromptIds encode_prompt(const Tokenizer& t, std::span<const Segment> segments);
// Empty for an empty text.
Ids encode_reply(const Tokenizer& t, std::string_view text);

}  // namespace rm::text
