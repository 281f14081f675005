// Text made safe for HTML and for attributes in double quotes. Pure function, any thread.
#pragma once

#include <string>
#include <string_view>

namespace rm::report {

// & < > " ' become references; broken UTF-8 and control characters that HTML does not allow become U+FFFD.
std::string html_text(std::string_view text);

}  // namespace rm::report
