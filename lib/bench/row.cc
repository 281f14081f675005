#include <algorithm>
#include <cmath>
#include <limits>

#include "lib/bench/tally.h"

namespace rm::bench {
namespace {

using records::Judged;
using records::Label;
using records::Measure;

constexpr std::uint8_t kWhole = 12;

// A cut trace weighs most, being the one that a longer budget would cure.
Outcome without_verdict(const Judged& r) {
  if (r.samples.cut > 0) return Outcome::kLength;
  return r.samples.conflicts > 0 ? Outcome::kConflict : Outcome::kNoVerdict;
}

std::uint8_t against(std::uint64_t right, std::uint64_t other) {
  return right > other ? kWhole : right == other ? kWhole / 2 : 0;
}

// N answers of which the first ones are right: what picking the longest, or the shortest, would get.
std::uint8_t pick(const Judged& r, bool longest) {
  std::uint64_t best = 0;
  int among = 0, right = 0;
  const auto look = [&](const Measure& m, bool is_right) {
    const std::uint64_t key = longest ? m.characters : UINT32_MAX - std::uint64_t{m.characters};
    if (key > best || among == 0) best = key, among = right = 0;
    if (key == best) ++among, right += is_right;
  };
  look(r.first, true);
  for (const Measure& m : r.more_first) look(m, true);
  look(r.second, false);
  for (const Measure& m : r.more_second) look(m, false);
  return static_cast<std::uint8_t>(among == 0 ? 0 : kWhole * right / among);
}

// The share of right answers among those rated highest, as RewardBench 2 counts it; empty where a rating is missing.
std::optional<std::uint8_t> rated(const Judged& r, std::size_t right) {
  double best = -std::numeric_limits<double>::infinity();
  std::size_t among = 0, hit = 0;
  for (std::size_t i = 0; i < r.ratings.size(); ++i) {
    if (!r.ratings[i]) return std::nullopt;
    if (*r.ratings[i] > best) best = *r.ratings[i], among = hit = 0;
    if (*r.ratings[i] == best) ++among, hit += i < right;
  }
  if (among == 0) return std::nullopt;
  return static_cast<std::uint8_t>(std::lround(double(kWhole) * double(hit) / double(among)));
}

void rate(const Judged& r, Row& row) {
  const bool pair = r.ratings.size() == 2;
  if (pair && r.label != Label::kFirst && r.label != Label::kSecond) return void(row.outcome = Outcome::kUnlabelled);
  if (!pair && (r.firsts == 0 || r.ratings.size() <= r.firsts)) return void(row.outcome = Outcome::kUnlabelled);
  Judged turned;
  const Judged* in = &r;
  if (pair && r.label == Label::kSecond) {
    turned.ratings = {r.ratings[1], r.ratings[0]};
    in = &turned;
  }
  const auto credit = rated(*in, pair ? 1 : r.firsts);
  if (!credit) return void(row.outcome = without_verdict(r));
  row.credit = *credit;
  row.outcome = *credit == kWhole ? Outcome::kRight : *credit == 0 ? Outcome::kWrong : Outcome::kTie;
  if (pair && row.outcome == Outcome::kTie) row.credit = 0;  // as a tie of verdicts; of N answers the right ones share
}

void decide(const Judged& r, Row& row) {
  if (r.failed) {
    row.outcome = Outcome::kFailed;
  } else if (r.is_rating) {
    rate(r, row);
  } else if (r.is_ranking ? r.samples.letters == 0 : r.verdict == 0) {
    row.outcome = without_verdict(r);
  } else if (!r.correct) {
    row.outcome = Outcome::kUnlabelled;
  } else if (r.verdict == 'T') {
    row.outcome = Outcome::kTie;
    row.credit = 0;
  } else {
    row.outcome = *r.correct ? Outcome::kRight : Outcome::kWrong;
    row.credit = *r.correct ? kWhole : 0;
  }
}

}  // namespace

std::string_view name(Outcome o) {
  constexpr std::array<std::string_view, kOutcomes> kNames{"right",     "wrong",    "tied",   "no_verdict",
                                                           "truncated", "conflict", "failed", "unlabelled"};
  return kNames[static_cast<std::size_t>(o)];
}

Row row_of(const Judged& r) {
  Row row;
  const std::uint32_t answers = r.firsts + r.seconds;
  row.credit = static_cast<std::uint8_t>(answers > 2 ? std::uint64_t{kWhole} * r.firsts / answers : kWhole / 2);
  decide(r, row);
  row.letters = static_cast<std::uint8_t>(std::min(r.samples.letters, std::uint32_t{UINT8_MAX}));
  row.letter_a = static_cast<std::uint8_t>(std::min(r.samples.letter_a, std::uint32_t{row.letters}));
  if (r.consistent) row.agree = *r.consistent ? kWhole : 0;
  const bool labelled = r.label == Label::kFirst || r.label == Label::kSecond;
  if (r.firsts == 1 && r.seconds == 1 && labelled) {
    const bool first = r.label == Label::kFirst;
    const Measure &right = first ? r.first : r.second, &other = first ? r.second : r.first;
    constexpr std::int64_t kFar = INT32_MAX, kMany = INT16_MAX;
    row.longer = static_cast<std::int32_t>(
        std::clamp(std::int64_t{right.characters} - std::int64_t{other.characters}, -kFar, kFar));
    row.marks =
        static_cast<std::int16_t>(std::clamp(std::int64_t{right.marks} - std::int64_t{other.marks}, -kMany, kMany));
    row.longest = against(right.characters, other.characters);
    row.shortest = static_cast<std::uint8_t>(kWhole - row.longest);
    const std::uint32_t shown_first = first ? r.samples.all - r.samples.swapped : r.samples.swapped;
    if (r.samples.all > 0) row.first = static_cast<std::uint8_t>(std::uint64_t{kWhole} * shown_first / r.samples.all);
  } else if (r.firsts > 0 && r.seconds > 0 && r.label == Label::kFirst) {
    row.longest = pick(r, true);
    row.shortest = pick(r, false);
  }
  return row;
}

}  // namespace rm::bench
