// One line on stderr that says how far long work is: done of total, rate, time left, unparsed so far.
//
// Drawn only where stderr is a terminal that moves its cursor (not TERM=dumb) and at most ten times a second; otherwise
// every call does nothing. The line is erased before anything else is printed (erase()) and at the end. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rm {

// Whether colour is wanted on a descriptor: `mode` is auto, always or never; auto looks at the terminal, NO_COLOR and TERM.
bool want_color(std::string_view mode, int fd);

class Progress {
 public:
  struct Options {
    bool quiet = false;
    std::string unit = "records";
    int fd = 2;
    bool force = false;  // draw although it is no terminal; for tests
  };
  explicit Progress(Options o);
  ~Progress() { finish(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void set_total(std::optional<std::uint64_t> total) { total_ = total; }
  void skip(std::uint64_t already) { first_ = already; }  // done by an earlier run: counted, but not in the rate
  // `fraction` of the whole (bytes read of a file) gives a time left where no total is known. `failed`, `unparsed` are shown
  // when not zero.
  void update(std::uint64_t done, std::uint64_t failed, std::uint64_t unparsed, std::optional<double> fraction = {});
  void note(const std::string& extra) { extra_ = extra; }  // "1.2k tok/s", shown at the end of the line
  void erase();   // before printing something else; the next update draws again
  void finish();  // erases for good

  // The text of the line; for tests.
  std::string line(std::uint64_t done, std::uint64_t failed, std::uint64_t unparsed, std::optional<double> fraction,
                   double seconds) const;

 private:
  using Clock = std::chrono::steady_clock;
  Options options_;
  bool active_ = false, drawn_ = false;
  Clock::time_point start_, last_;
  std::optional<std::uint64_t> total_;
  std::uint64_t first_ = 0;
  std::string extra_;
};

}  // namespace rm
