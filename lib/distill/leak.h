// Finds chains that say they were told the verdict: what a student would learn from them is to look for a hint that is not there.
//
// A chain leaks where it
//  - repeats eight words in a row of the hint's own sentences (distill/hint.h), anywhere; or
//  - holds a phrase of distill/leak_phrases.cc outside <quote_A> and <quote_B> (those are the candidates' words), unless the
//    student's prompt holds the same words: who asks about a hint is answered about a hint.
// Words are compared in lower case (ASCII, Latin-1, Greek and Cyrillic letters) without punctuation. goldens/distill_rules.py
// states the same with regular expressions. Pure; linear in the text times the phrases; any thread.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lib/text/chat.h"

namespace rm::distill {

// The words by which `chain` says that its writer was told the verdict, as they were compared; empty: it does not.
std::optional<std::string> told_verdict(std::string_view chain, std::span<const text::Message> prompt);

}  // namespace rm::distill
