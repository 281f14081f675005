#include "lib/judge/ranking.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <utility>

#include "lib/stats/bradley_terry.h"

namespace rm::judge {
namespace {

using records::Judgment;
using records::Sample;

// P(first of the sample's own pair) as the sample sees it: its vote, or its probability where it has one.
std::optional<double> first_share(const Sample& s) {
  if (!s.verdict) return std::nullopt;
  const double a = s.p_a ? *s.p_a : *s.verdict == 'A' ? 1.0 : 0.0;
  return s.swapped ? 1 - a : a;
}

}  // namespace

Result<std::vector<Ask>> plan_match(const records::Candidates& c, const Match& m, const PromptSet& prompts,
                                    const Settings& s, std::uint64_t first_id) {
  // The order of a match is chosen by hash: the same answer should not always stand first.
  Settings own = s;
  own.shuffle = true;
  RM_ASSIGN(std::vector<Ask> asks, plan(c.pair(m.first, m.second), prompts, own));
  for (Ask& a : asks) {
    a.request.id += first_id;
    a.pair = {static_cast<std::int64_t>(m.first), static_cast<std::int64_t>(m.second)};
  }
  return asks;
}

std::int64_t matches_within(std::int64_t calls, const Settings& s) {
  if (calls <= 0) return 0;
  return std::max<std::int64_t>(1, calls / (s.samples * (s.both_orders ? 2 : 1)));
}

std::optional<double> outcome(const std::vector<Sample>& samples) {
  double sum = 0;
  int n = 0;
  for (const Sample& s : samples) {
    if (const auto share = first_share(s)) sum += *share, ++n;
  }
  return n == 0 ? std::nullopt : std::optional(sum / n);
}

void count_ranking(Judgment& j, const records::Candidates& c) {
  const std::size_t n = c.responses.size();
  // Samples of one match make one game: votes of one judge on one pair are not independent comparisons.
  std::map<std::array<std::int64_t, 2>, std::pair<double, int>> matches;
  for (const Sample& s : j.samples) {
    if (!s.pair) continue;
    auto& [sum, votes] = matches[*s.pair];
    if (const auto share = first_share(s)) sum += *share, ++votes;
  }
  std::vector<stats::Game> games;
  for (const auto& [pair, votes] : matches) {
    if (votes.second > 0)
      games.push_back(
          {static_cast<std::size_t>(pair[0]), static_cast<std::size_t>(pair[1]), votes.first / votes.second});
  }
  const std::vector<stats::Strength> strengths = stats::bradley_terry(n, games);
  records::Ranking& r = j.ranking.emplace();
  r.calls = static_cast<std::int64_t>(j.samples.size());
  r.order.resize(n);
  std::iota(r.order.begin(), r.order.end(), 0);
  std::ranges::stable_sort(r.order, [&](std::int64_t a, std::int64_t b) {
    return strengths[static_cast<std::size_t>(a)].score > strengths[static_cast<std::size_t>(b)].score;
  });
  for (const stats::Strength& s : strengths) {
    r.scores.push_back(s.score);
    r.intervals.push_back({s.interval.low, s.interval.high});
  }
  j.correct.reset();
  if (c.right > 0 && c.right < n) j.correct = !games.empty() && static_cast<std::size_t>(r.order.front()) < c.right;
}

}  // namespace rm::judge
