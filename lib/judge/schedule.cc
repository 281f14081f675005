#include "lib/judge/schedule.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "lib/base/rng.h"

namespace rm::judge {
namespace {

std::int64_t pairs(std::size_t answers) {
  const auto n = static_cast<std::int64_t>(answers);
  return n < 2 ? 0 : n * (n - 1) / 2;
}

// A posterior that learns of matches before they are played: how much one teaches does not depend, to first order, on how it
// ends (the Hessian holds p (1 - p) and no outcome), so a whole round can be chosen at once.
class Outlook {
 public:
  Outlook(std::size_t n, const std::vector<stats::Game>& games)
      : n_(n), now_(stats::bradley_terry_posterior(n, games)), shift_(n) {}

  // The chance that the present order of a and b is wrong, times the variance of their difference.
  double doubt(std::size_t a, std::size_t b) const {
    const double v = variance(a, b), d = std::abs(now_.score[a] - now_.score[b]);
    return v > 0 ? v * std::erfc(d / std::sqrt(2 * v)) / 2 : 0;
  }

  // Takes the match as played (Sherman and Morrison's update of the inverse Hessian).
  void expect(std::size_t a, std::size_t b) {
    const double win = 1 / (1 + std::exp(now_.score[b] - now_.score[a])), curve = win * (1 - win);
    const double weight = curve / (1 + curve * variance(a, b));
    for (std::size_t i = 0; i < n_; ++i) shift_[i] = covariance(i, a) - covariance(i, b);
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t k = 0; k < n_; ++k) now_.covariance[i * n_ + k] -= weight * shift_[i] * shift_[k];
    }
  }

 private:
  double covariance(std::size_t a, std::size_t b) const { return now_.covariance[a * n_ + b]; }
  double variance(std::size_t a, std::size_t b) const {
    return covariance(a, a) + covariance(b, b) - 2 * covariance(a, b);
  }

  std::size_t n_;
  stats::Posterior now_;
  std::vector<double> shift_;
};

}  // namespace

bool Schedule::complete(std::size_t answers, std::int64_t budget) { return budget <= 0 || budget >= pairs(answers); }

Schedule::Schedule(std::size_t answers, std::int64_t budget, std::uint64_t seed)
    : answers_(answers),
      budget_(complete(answers, budget) ? pairs(answers) : std::max(budget, static_cast<std::int64_t>(answers) - 1)),
      shuffled_(answers),
      lead_(answers),
      met_(answers * answers, Met::kNo) {
  std::iota(shuffled_.begin(), shuffled_.end(), std::size_t{0});
  Rng rng(seed);
  for (std::size_t i = answers; i-- > 1;) std::swap(shuffled_[i], shuffled_[rng.below(i + 1)]);
}

Schedule::Met& Schedule::met(std::size_t a, std::size_t b) { return met_[std::min(a, b) * answers_ + std::max(a, b)]; }

Match Schedule::ask(std::size_t first, std::size_t second) {
  ++lead_[first];
  --lead_[second];
  met(first, second) = Met::kAwaited;
  ++awaited_;
  return {first, second};
}

std::vector<Match> Schedule::every_pair() {
  std::vector<Match> out;
  for (std::size_t k = 1; k < answers_; ++k) {
    for (std::size_t i = 0; i < k; ++i) {  // by parity, so that nobody is first more than once oftener than second
      const bool earlier = (i + k) % 2 == 1;
      out.push_back(ask(shuffled_[earlier ? i : k], shuffled_[earlier ? k : i]));
    }
  }
  return out;
}

std::vector<Match> Schedule::round(std::size_t size) {
  Outlook outlook(answers_, games_);
  std::vector<Match> out;
  while (out.size() < size) {
    double most = -1;
    std::pair<std::size_t, std::size_t> best;
    for (std::size_t i = 0; i < answers_; ++i) {
      for (std::size_t k = i + 1; k < answers_; ++k) {
        const std::size_t a = shuffled_[i], b = shuffled_[k];
        if (met(a, b) != Met::kNo) continue;
        if (const double doubt = outlook.doubt(a, b); doubt > most) {
          most = doubt;
          best = {a, b};
        }
      }
    }
    outlook.expect(best.first, best.second);
    if (lead_[best.first] > lead_[best.second]) std::swap(best.first, best.second);
    out.push_back(ask(best.first, best.second));
  }
  return out;
}

std::vector<Match> Schedule::next() {
  if (awaited_ > 0 || done()) return {};
  if (budget_ == pairs(answers_)) return every_pair();
  const std::size_t size = played_ == 0 ? answers_ / 2 : std::max<std::size_t>(1, answers_ / 4);
  return round(std::min(size, static_cast<std::size_t>(budget_ - played_)));
}

void Schedule::result(const Match& m, std::optional<double> score) {
  if (m.first >= answers_ || m.second >= answers_ || met(m.first, m.second) != Met::kAwaited) return;
  met(m.first, m.second) = Met::kPlayed;
  --awaited_;
  ++played_;
  if (score && *score >= 0 && *score <= 1) games_.push_back({m.first, m.second, *score});
}

}  // namespace rm::judge
