// The phrases by which a chain says that it was told the verdict. Data of distill/leak; described in rm-distill(1), "LEAKS".
//
// Word phrases are for languages that part words: slots apart by spaces, each `one|of|these`, a trailing * for any ending, a
// leading ? for a slot that may be missing. Plain phrases are looked for letter by letter.
#pragma once

#include <span>
#include <string_view>

namespace rm::distill {

std::span<const std::string_view> word_phrases();
std::span<const std::string_view> plain_phrases();

}  // namespace rm::distill
