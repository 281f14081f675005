// Standard output as a person sees it: colours, width, and a passing note while nothing has come yet.
//
// Colour and wrapping only where a terminal (or --color always) asks for them; a pipe gets plain text. The first failed write
// is kept in `failed` and everything after it is dropped. One thread.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"

namespace rm::rmjudge {

struct Screen {
  Screen(const std::string& color_mode, bool quiet);

  void put(std::string_view text);
  void heading(const std::string& title) { put("\n" + style("1", title) + "\n"); }
  void note(const std::string& text);  // on standard error, replaced by the next and gone before the next put()
  void clear_note();
  std::string style(const char* code, const std::string& text) const;  // "1;32" and so on; plain without colour
  int columns() const { return width > 0 ? width : 80; }

  bool color = false, notes = false, noted = false;
  int width = 0;       // for text, at most 100; 0: no terminal
  int full_width = 0;  // of the terminal
  std::optional<Error> failed;
};

}  // namespace rm::rmjudge
