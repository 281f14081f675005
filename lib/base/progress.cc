#include "lib/base/progress.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "lib/base/fd.h"
#include "lib/base/number.h"

namespace rm {
namespace {

constexpr std::chrono::milliseconds kRedraw{100};

bool cursor_moves(int fd) {
  const char* term = std::getenv("TERM");
  return ::isatty(fd) == 1 && term != nullptr && *term != '\0' && std::strcmp(term, "dumb") != 0;
}

std::size_t columns(int fd) {
  winsize w{};
  return ::ioctl(fd, TIOCGWINSZ, &w) == 0 && w.ws_col > 0 ? w.ws_col : 80;
}

}  // namespace

bool want_color(std::string_view mode, int fd) {
  if (mode == "always") return true;
  if (mode == "never") return false;
  const char* no = std::getenv("NO_COLOR");
  return cursor_moves(fd) && (no == nullptr || *no == '\0');
}

Progress::Progress(Options o) : options_(std::move(o)), start_(Clock::now()), last_(start_ - kRedraw) {
  active_ = !options_.quiet && (options_.force || cursor_moves(options_.fd));
}

std::string Progress::line(std::uint64_t done, std::uint64_t failed, std::uint64_t unparsed,
                           std::optional<double> fraction, double seconds) const {
  std::string out = format_grouped(done);
  if (total_) out += "/" + format_grouped(*total_);
  out += " " + options_.unit;
  const double fresh = static_cast<double>(done - std::min(done, first_));
  if (seconds > 0 && fresh > 0) {
    const double rate = fresh / seconds;
    out += rate >= 1 ? ", " + format_fixed(rate, 1) + "/s" : ", " + format_fixed(rate * 60, 1) + "/min";
    std::optional<double> left;
    if (total_ && *total_ >= done) {
      left = static_cast<double>(*total_ - done) / rate;
    } else if (fraction && *fraction > 0) {
      left = seconds * (1 - std::min(*fraction, 1.0)) / *fraction;
    }
    if (left) out += ", " + format_duration(*left) + " left";
  }
  if (failed > 0) out += ", " + format_grouped(failed) + " failed";
  if (unparsed > 0) out += ", " + format_grouped(unparsed) + " unparsed";
  if (!extra_.empty()) out += ", " + extra_;
  return out;
}

void Progress::update(std::uint64_t done, std::uint64_t failed, std::uint64_t unparsed,
                      std::optional<double> fraction) {
  if (!active_) return;
  const auto now = Clock::now();
  if (now - last_ < kRedraw) return;
  last_ = now;
  std::string text = line(done, failed, unparsed, fraction, std::chrono::duration<double>(now - start_).count());
  text.resize(std::min(text.size(), columns(options_.fd) - 1));
  // A terminal that went away is no reason to stop working.
  if (!fd::write_all(options_.fd, "\r\x1b[K" + text, "")) active_ = false;
  drawn_ = true;
}

void Progress::erase() {
  if (active_ && drawn_ && !fd::write_all(options_.fd, "\r\x1b[K", "")) active_ = false;
  drawn_ = false;
}

void Progress::finish() {
  erase();
  active_ = false;
}

}  // namespace rm
