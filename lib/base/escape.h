// Untrusted text made safe for a terminal and for one line of a message.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace rm {

// Control bytes (ANSI sequences with them), DEL, C1 controls, bidirectional overrides, line separators and broken UTF-8
// become visible escapes (\n, \x1b, \u202e); a backslash stays. At most `limit` bytes of input are shown, then "...".
std::string escape_text(std::string_view text, std::size_t limit = 200);

}  // namespace rm
