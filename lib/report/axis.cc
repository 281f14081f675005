#include "lib/report/axis.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "lib/base/number.h"

namespace rm::report {
namespace {

constexpr double kMost = std::numeric_limits<double>::max();
constexpr int kMostTicks = 12;

int exponent_of(double v) { return static_cast<int>(std::floor(std::log10(v))); }

// The smallest of 1, 2, 5 times a power of ten that is no less.
double round_step(double raw) {
  const double power = std::pow(10, exponent_of(raw));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * (1 - 1e-9)) return factor * power;
  }
  return 10 * power;
}

// How numbers up to `most` are written: divided by `size` and followed by `suffix`.
struct Unit {
  double size = 1;
  std::string suffix;
};

Unit unit_of(double most) {
  if (most > 0 && (most < 1e-3 || most >= 1e15)) {
    const int e = exponent_of(most);
    return {std::pow(10, e), "e" + std::to_string(e)};
  }
  if (most >= 1e12) return {1e12, "T"};
  if (most >= 1e9) return {1e9, "G"};
  if (most >= 1e6) return {1e6, "M"};
  if (most >= 1e4) return {1e3, "k"};
  return {};
}

std::string grouped(double v) {  // a whole number
  return (v < 0 ? "-" : "") + format_grouped(static_cast<std::uint64_t>(std::abs(v)));
}

std::vector<Tick> ticks_of(double low, double high, double step) {
  std::vector<Tick> out;
  if (!(step > 0) || !std::isfinite(step)) return out;
  const double first = std::ceil(low / step - 1e-9), last = std::floor(high / step + 1e-9);
  const Unit unit = unit_of(std::max(std::abs(first), std::abs(last)) * step);
  if (!(unit.size > 0)) return out;
  const int decimals = std::clamp(-exponent_of(step / unit.size * (1 + 1e-9)), 0, 9);
  for (double k = first; k <= last && out.size() < kMostTicks; ++k) {
    const double v = k == 0 ? 0 : k * step;
    const std::string digits = decimals == 0 && std::abs(v / unit.size) < 1e15 ? grouped(std::round(v / unit.size))
                                                                               : format_fixed(v / unit.size, decimals);
    out.push_back({v, v == 0 ? "0" : digits + unit.suffix});
  }
  return out;
}

}  // namespace

std::string short_number(double v) {
  if (!std::isfinite(v)) return format_fixed(v, 0);
  const double size = std::abs(v);
  if (size >= 1000 && size < 9999.5) return grouped(std::round(v));
  const Unit unit = unit_of(size);
  std::array<char, 32> raw{};
  const auto end = std::to_chars(raw.data(), raw.data() + raw.size(), unit.size > 0 ? v / unit.size : 0,
                                 std::chars_format::general, unit.suffix.empty() ? 4 : 3);
  return std::string(raw.data(), end.ptr) + (v == 0 ? "" : unit.suffix);
}

Axis Axis::linear(double low, double high, int ticks, bool whole) {
  Axis out;
  if (!(low < high)) {
    const double room = low == 0 ? 1 : whole ? std::max(1.0, std::abs(low) / 10) : std::abs(low) / 2;
    low = std::max(low - room, -kMost);
    high = std::min(high + room, kMost);
  }
  out.low_ = low;
  out.high_ = high;
  const double half = high / 2 - low / 2;  // the whole of it may not be a number
  double step = round_step(half / ticks * 2);
  if (whole) step = std::max(step, 1.0);
  out.ticks_ = ticks_of(low, high, step);
  return out;
}

Axis Axis::logarithmic(double low, double high) {
  Axis out;
  out.log_ = true;
  out.low_ = low;
  out.high_ = high > low ? high : std::min(low * 10, kMost);
  const int first = static_cast<int>(std::ceil(std::log10(low) - 1e-9)),
            last = static_cast<int>(std::floor(std::log10(out.high_) + 1e-9));
  const int decades = last - first + 1, stride = std::max(1, (decades + 5) / 6);
  for (int e = first - 1; e <= last; ++e) {
    if ((e - first) % stride != 0) continue;
    for (const double factor : {1.0, 2.0, 5.0}) {
      const double v = factor * std::pow(10, e);
      if ((factor == 1 || decades < 3) && v >= low * (1 - 1e-9) && v <= out.high_ * (1 + 1e-9))
        out.ticks_.push_back({v, short_number(v)});
    }
  }
  return out;
}

double Axis::place(double v) const {
  if (log_) return (std::log(v) - std::log(low_)) / (std::log(high_) - std::log(low_));
  return (v / 2 - low_ / 2) / (high_ / 2 - low_ / 2);
}

double Axis::at(double v) const {
  if (log_ && v <= low_) return 0;
  const double p = place(v);
  return p > 0 ? std::min(p, 1.0) : 0;
}

Axis value_axis(double low, double high) {
  constexpr int kTicks = 5;
  constexpr double kRoom = 0.04;       // at each end, of the span
  constexpr double kLeastSpan = 1e-2;  // of the values
  constexpr double kNearZero = 0.25;   // zero is shown where the least value is within this part of the greatest
  if (!(low < high)) return Axis::linear(low, high, kTicks);
  const double least = kLeastSpan * std::max(std::abs(low), std::abs(high));
  const double half = std::max(high / 2 - low / 2, least / 2), middle = low / 2 + high / 2;
  double from = std::max(middle - half * (1 + 2 * kRoom), -kMost),
         to = std::min(middle + half * (1 + 2 * kRoom), kMost);
  if (low >= 0 && low <= kNearZero * high) from = 0;
  if (high <= 0 && high >= kNearZero * low) to = 0;
  return Axis::linear(from, to, kTicks);
}

}  // namespace rm::report
