// Numbers to text and back, whatever the locale says.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace rm {

// The whole text must be the number; empty otherwise, and where it does not fit.
std::optional<std::int64_t> parse_int(std::string_view s);
std::optional<std::uint64_t> parse_unsigned(std::string_view s);
std::optional<double> parse_double(std::string_view s);  // finite only

std::string format_fixed(double v, int decimals);                // "0.25"; "nan", "inf"
std::string format_grouped(std::uint64_t v);                     // "4,831,838,208"
std::string format_padded(std::uint64_t v, std::size_t digits);  // "00042": zeros in front, never cut
std::string format_bytes(std::uint64_t v);                       // "4.5 GiB"
std::string format_duration(double seconds);                     // "12s", "3m05s", "2h10m"

}  // namespace rm
