// A text made small at once, in the bare format of RFC 1951: what browsers call "deflate-raw".
//
// Pure function, any thread. Files that are read or written in pieces: records/lines, records/writer.
#pragma once

#include <string>
#include <string_view>

namespace rm {

// `level` 1 (fast) to 9 (small). Empty only where memory is out.
std::string deflate_raw(std::string_view text, int level = 6);

}  // namespace rm
