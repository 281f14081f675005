// How wide text is drawn, near enough to keep pieces of it apart: no font is at hand, so widths are those of common sans-serif
// fonts, rounded up. Pure functions, any thread.
#pragma once

#include <string>
#include <string_view>

namespace rm::report {

double text_width(std::string_view text, double size);

// The text, or its beginning and end around an ellipsis where it is wider.
std::string fitted(std::string_view text, double size, double width);

}  // namespace rm::report
