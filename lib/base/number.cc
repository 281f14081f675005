#include "lib/base/number.h"

#include <charconv>
#include <cmath>

namespace rm {
namespace {

template <class T>
std::optional<T> parse_whole(std::string_view s) {
  T v{};
  const auto [end, failure] = std::from_chars(s.data(), s.data() + s.size(), v);
  if (s.empty() || failure != std::errc() || end != s.data() + s.size()) return std::nullopt;
  return v;
}

}  // namespace

std::optional<std::int64_t> parse_int(std::string_view s) { return parse_whole<std::int64_t>(s); }
std::optional<std::uint64_t> parse_unsigned(std::string_view s) { return parse_whole<std::uint64_t>(s); }

std::optional<double> parse_double(std::string_view s) {
  const auto v = parse_whole<double>(s);
  return v && std::isfinite(*v) ? v : std::nullopt;
}

std::string format_fixed(double v, int decimals) {
  if (std::isnan(v)) return "nan";
  if (std::isinf(v)) return v < 0 ? "-inf" : "inf";
  char buffer[400];
  const auto end = std::to_chars(buffer, buffer + sizeof buffer, v, std::chars_format::fixed, decimals).ptr;
  return std::string(buffer, end);
}

std::string format_grouped(std::uint64_t v) {
  std::string digits = std::to_string(v);
  for (std::size_t at = digits.size(); at > 3;) {
    at -= 3;
    digits.insert(at, 1, ',');
  }
  return digits;
}

std::string format_padded(std::uint64_t v, std::size_t digits) {
  const std::string s = std::to_string(v);
  return std::string(digits - std::min(digits, s.size()), '0') + s;
}

std::string format_bytes(std::uint64_t v) {
  static constexpr const char* kUnits[] = {"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (v < 1024) return std::to_string(v) + " B";
  std::size_t unit = 0;
  double scaled = static_cast<double>(v);
  while (scaled >= 1024 && unit + 1 < std::size(kUnits)) scaled /= 1024, ++unit;
  return format_fixed(scaled, 1) + " " + kUnits[unit];
}

std::string format_duration(double seconds) {
  if (!(seconds >= 0) || seconds > 3.6e8) return "?";
  const auto s = static_cast<std::uint64_t>(seconds + 0.5);
  auto two = [](std::uint64_t v) { return (v < 10 ? "0" : "") + std::to_string(v); };
  if (s < 60) return std::to_string(s) + "s";
  if (s < 3600) return std::to_string(s / 60) + "m" + two(s % 60) + "s";
  return std::to_string(s / 3600) + "h" + two(s / 60 % 60) + "m";
}

}  // namespace rm
