#include "tools/rm-judge/screen.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>

#include "lib/base/fd.h"
#include "lib/base/progress.h"
#include "tools/cli/report.h"

namespace rm::rmjudge {
namespace {

constexpr int kWidest = 100;

}  // namespace

Screen::Screen(const std::string& color_mode, bool quiet) : color(want_color(color_mode, 1)) {
  winsize size{};
  if (isatty(1) == 1) {
    full_width = ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20 ? size.ws_col : 80;
    width = std::min(full_width, kWidest);
  }
  const char* term = std::getenv("TERM");
  notes = width > 0 && isatty(2) == 1 && !quiet && term != nullptr && std::string_view(term) != "dumb";
}

void Screen::put(std::string_view text) {
  clear_note();
  if (failed) return;
  if (auto r = cli::print(text); !r) failed = r.error();
}

void Screen::note(const std::string& text) {
  if (!notes) return;
  (void)fd::write_all(2, "\r\x1b[K" + style("2", text), "");
  noted = true;
}

void Screen::clear_note() {
  if (noted) (void)fd::write_all(2, "\r\x1b[K", "");
  noted = false;
}

std::string Screen::style(const char* code, const std::string& text) const {
  return color ? std::string("\x1b[") + code + "m" + text + "\x1b[0m" : text;
}

}  // namespace rm::rmjudge
