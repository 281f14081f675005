// Back from a conversation that a chat template has rendered to its turns: trainers send prompts and answers that way.
//
// Knows ChatML, Llama 3, Gemma and DeepSeek. A turn's opening counts only at the start or behind the end of a turn, so an
// answer that merely writes one stays one answer. Pure functions, linear in the text.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/text/chat.h"

namespace rm::serve {

// The turns; empty where the text has no marks of a template. The last may be an assistant's with the beginning of an answer.
std::vector<text::Message> read_rendered(std::string_view text);

// Without end-of-turn, end-of-text and padding tokens, and white space, at its end.
std::string_view without_end_marks(std::string_view answer);

}  // namespace rm::serve
