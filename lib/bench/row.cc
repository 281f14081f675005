#include <algorithm>
#include <cmath>
#include <limits>

#include "lib/bench/tally.h"

namespace rm::bench {
namespace {

using records::Judged;
using records::Label;
using records::Measure;
using records::Why;

constexpr std::uint8_t kWhole = 12;

Outcome without_verdict(const Judged& r) {
  // The last sample that failed says why; a cut trace weighs most, being the one a longer budget would cure.
  Outcome o = Outcome::kNoVerdict;
  for (const records::SampleMark& s : r.samples) {
    if (s.why == Why::kLength) return Outcome::kLength;
    if (s.why == Why::kConflict) o = Outcome::kConflict;
  }
  return o;
}

std::uint8_t against(std::uint64_t right, std::uint64_t other) {
  return right > other ? kWhole : right == other ? kWhole / 2 : 0;
}

// N answers of which the first ones are right: what picking the longest, or the shortest, would get.
std::uint8_t pick(const Judged& r, bool longest) {
  std::uint64_t best = 0;
  int among = 0, right = 0;
  const auto look = [&](const std::vector<Measure>& answers, bool is_right) {
    for (const Measure& m : answers) {
      const std::uint64_t key = longest ? m.characters : UINT32_MAX - std::uint64_t{m.characters};
      if (key > best || among == 0) best = key, among = right = 0;
      if (key == best) ++among, right += is_right;
    }
  };
  look(r.first, true);
  look(r.second, false);
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
  if (!pair && (r.first.empty() || r.ratings.size() <= r.first.size())) return void(row.outcome = Outcome::kUnlabelled);
  Judged turned;
  const Judged* in = &r;
  if (pair && r.label == Label::kSecond) {
    turned.ratings = {r.ratings[1], r.ratings[0]};
    in = &turned;
  }
  const auto credit = rated(*in, pair ? 1 : r.first.size());
  if (!credit) return void(row.outcome = without_verdict(r));
  row.credit = *credit;
  row.outcome = *credit == kWhole ? Outcome::kRight : *credit == 0 ? Outcome::kWrong : Outcome::kTie;
}

void decide(const Judged& r, Row& row) {
  if (r.failed) {
    row.outcome = Outcome::kFailed;
  } else if (r.is_rating) {
    rate(r, row);
  } else if (!r.is_ranking && r.verdict == 0) {
    row.outcome = without_verdict(r);
  } else if (r.is_ranking && std::ranges::none_of(r.samples, [](const auto& s) { return s.letter != 0; })) {
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
  const std::size_t answers = r.first.size() + r.second.size();
  row.credit = static_cast<std::uint8_t>(answers > 2 ? kWhole * r.first.size() / answers : kWhole / 2);
  decide(r, row);
  for (const records::SampleMark& s : r.samples) {
    if (s.letter == 0 || row.letters == UINT8_MAX) continue;
    ++row.letters;
    row.letter_a += s.letter == 'A';
  }
  if (r.consistent) row.agree = *r.consistent ? kWhole : 0;
  const bool labelled = r.label == Label::kFirst || r.label == Label::kSecond;
  if (r.first.size() == 1 && r.second.size() == 1 && labelled) {
    const bool first = r.label == Label::kFirst;
    const Measure& right = first ? r.first[0] : r.second[0];
    const Measure& other = first ? r.second[0] : r.first[0];
    constexpr std::int64_t kFar = INT32_MAX, kMany = INT16_MAX;
    row.longer = static_cast<std::int32_t>(
        std::clamp(std::int64_t{right.characters} - std::int64_t{other.characters}, -kFar, kFar));
    row.marks =
        static_cast<std::int16_t>(std::clamp(std::int64_t{right.marks} - std::int64_t{other.marks}, -kMany, kMany));
    row.longest = against(right.characters, other.characters);
    row.shortest = static_cast<std::uint8_t>(kWhole - row.longest);
    std::size_t shown_first = 0;
    for (const records::SampleMark& s : r.samples) shown_first += s.swapped != first;
    if (!r.samples.empty()) row.first = static_cast<std::uint8_t>(kWhole * shown_first / r.samples.size());
  } else if (!r.first.empty() && !r.second.empty() && r.label == Label::kFirst) {
    row.longest = pick(r, true);
    row.shortest = pick(r, false);
  }
  return row;
}

}  // namespace rm::bench
