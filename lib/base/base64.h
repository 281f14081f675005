// Base64 (RFC 4648, section 4), for text formats that cannot hold bytes.
//
// Pure functions, any thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace rm {

void append_base64(std::string& out, std::string_view bytes);  // padded
// Padding may be missing. Empty for any other character.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace rm
