// What the second teacher is told beside the student's prompt: the right verdict, and the judgement that missed it.
//
// The hint goes into the request alone; no record ever holds it. Our own wording of RM-R1's second pass. Pure.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "lib/judge/verdict.h"
#include "lib/text/chat.h"

namespace rm::distill {

// `prompt` with the hint behind its last turn. An empty judgement is not shown.
std::vector<text::Message> with_hint(std::vector<text::Message> prompt, judge::Side right, std::string_view judgement);

// The hint's own sentences, without the verdict and the judgement: what a chain must not repeat.
std::array<std::string_view, 4> hint_sentences();

}  // namespace rm::distill
