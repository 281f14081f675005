#include "lib/generate/retry.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "lib/base/number.h"

namespace rm::generate {
namespace {

constexpr double kLongest = 8000, kFirst = 250, kLongestAsked = 300'000;  // ms

// Days from 1970-01-01 to a date of the Gregorian calendar: years begin in March, so that the odd day comes last.
std::int64_t days_to(std::int64_t year, std::int64_t month, std::int64_t day) {
  if (month <= 2) --year;
  const std::int64_t months = (month + 9) % 12;
  return 365 * year + year / 4 - year / 100 + year / 400 + (153 * months + 2) / 5 + day - 1 - 719'468;
}

// "Sun, 06 Nov 1994 08:49:37 GMT", the one form that servers may send.
std::optional<std::int64_t> http_date(std::string_view s) {
  static constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  if (s.size() != 29 || s.substr(3, 2) != ", " || s.substr(25) != " GMT") return std::nullopt;
  const auto month = std::ranges::find(kMonths, s.substr(8, 3));
  const auto day = parse_unsigned(s.substr(5, 2)), year = parse_unsigned(s.substr(12, 4)),
             hour = parse_unsigned(s.substr(17, 2)), minute = parse_unsigned(s.substr(20, 2)),
             second = parse_unsigned(s.substr(23, 2));
  if (month == kMonths.end() || !day || !year || !hour || !minute || !second) return std::nullopt;
  if (*day < 1 || *day > 31 || *year < 1970 || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const auto days =
      days_to(static_cast<std::int64_t>(*year), month - kMonths.begin() + 1, static_cast<std::int64_t>(*day));
  return days * 86'400 + static_cast<std::int64_t>(*hour * 3600 + *minute * 60 + *second);
}

}  // namespace

Action action_for(long status, const ServerWords& words) {
  if (status >= 200 && status < 300) return Action::kRead;
  if (status == 429 && words.code.find("insufficient_quota") != std::string::npos) return Action::kKey;
  if (status == 429) return Action::kBusy;
  if (status == 408 || status >= 500 || status < 200) return Action::kRetry;
  if (status < 400) return Action::kElsewhere;
  if (status == 401 || status == 403) return Action::kKey;
  if (status == 413 || about_length(words)) return Action::kTooLong;
  if (status == 404 || about_model(words)) return Action::kNotFound;
  return Action::kRefused;
}

std::chrono::milliseconds back_off(int n, Rng& rng) {
  const double whole = std::min(kLongest, kFirst * std::exp2(std::clamp(n, 1, 30) - 1));
  return std::chrono::milliseconds(std::llround(whole * (0.5 + 0.5 * rng.uniform())));
}

std::optional<std::chrono::milliseconds> retry_after(std::string_view header, std::time_t now) {
  const auto from = header.find_first_not_of(" \t"), to = header.find_last_not_of(" \t\r\n");
  if (from == header.npos) return std::nullopt;
  header = header.substr(from, to + 1 - from);
  auto seconds = parse_double(header);
  if (!seconds) {
    const auto date = http_date(header);
    if (!date) return std::nullopt;
    seconds = static_cast<double>(*date - now);
  }
  return std::chrono::milliseconds(std::llround(std::clamp(*seconds * 1000, 0.0, kLongestAsked)));
}

}  // namespace rm::generate
