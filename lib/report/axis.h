// One side of a chart: where a value stands between its ends, and round numbers to write beside it.
//
// Any finite numbers do, equal ones too. Pure values, any thread.
#pragma once

#include <string>
#include <vector>

namespace rm::report {

// Four significant digits at most: "0.4321", "1,234", "12.3k", "5e-6".
std::string short_number(double v);

struct Tick {
  double value = 0;
  std::string label;
};

class Axis {
 public:
  // From `low` to `high`, with about `ticks` of them at multiples of 1, 2 or 5 times a power of ten. `whole`: at whole numbers.
  static Axis linear(double low, double high, int ticks, bool whole = false);
  // Both above zero; ticks at powers of ten, and at 2 and 5 times them where there are few.
  static Axis logarithmic(double low, double high);

  double at(double v) const;  // 0 at the low end, 1 at the high one, and never beyond
  const std::vector<Tick>& ticks() const { return ticks_; }
  bool is_logarithmic() const { return log_; }

 private:
  double place(double v) const;
  double low_ = 0, high_ = 1;
  bool log_ = false;
  std::vector<Tick> ticks_;
};

// An axis for values from `low` to `high`: some room at the ends, zero where it is near, a span for values that are all the
// same.
Axis value_axis(double low, double high);

}  // namespace rm::report
