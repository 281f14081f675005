#include "lib/stats/bradley_terry.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <tuple>

namespace rm::stats {
namespace {

constexpr double kPrecision = 1 / (kStrengthPrior * kStrengthPrior);
constexpr int kNewtonSteps = 100, kHalvings = 40;
constexpr double kSmallStep = 1e-9;  // convergence is quadratic: what is left is far below rounding
constexpr double kSureStep =
    0.1;  // changes no curvature by more than a quarter, so the whole step is right; needs no descent

struct Pairing {  // all games of two players
  std::size_t a = 0, b = 0;
  double games = 0, wins = 0;  // wins of a
};

std::vector<Pairing> pairings(std::size_t n, std::span<const Game> games) {
  std::vector<Game> sorted;
  sorted.reserve(games.size());
  for (const Game& g : games) {
    if (g.a >= n || g.b >= n || g.a == g.b || !(g.score >= 0 && g.score <= 1)) continue;
    sorted.push_back(g.a < g.b ? g : Game{g.b, g.a, 1 - g.score});
  }
  std::ranges::sort(sorted, {}, [](const Game& g) { return std::tuple(g.a, g.b, g.score); });
  std::vector<Pairing> out;
  for (const Game& g : sorted) {
    if (out.empty() || out.back().a != g.a || out.back().b != g.b) out.push_back({g.a, g.b});
    out.back().games += 1;
    out.back().wins += g.score;
  }
  return out;
}

// Players that games connect, and the games among them, in the group's own numbers.
struct Group {
  std::vector<std::size_t> players;
  std::vector<Pairing> pairings;
};

std::vector<Group> groups(std::size_t n, const std::vector<Pairing>& all) {
  std::vector<std::size_t> parent(n), place(n);
  std::iota(parent.begin(), parent.end(), std::size_t{0});
  const auto root = [&](std::size_t i) {
    while (parent[i] != i) i = parent[i] = parent[parent[i]];
    return i;
  };
  for (const Pairing& p : all) {
    const auto [low, high] = std::minmax({root(p.a), root(p.b)});
    parent[high] = low;
  }
  std::vector<std::size_t> group_of(n);
  std::vector<Group> out;
  for (std::size_t i = 0; i < n; ++i) {  // a root is the lowest number of its group, so it comes first
    if (root(i) == i) {
      group_of[i] = out.size();
      out.emplace_back();
    }
    Group& g = out[group_of[root(i)]];
    place[i] = g.players.size();
    g.players.push_back(i);
  }
  for (const Pairing& p : all) out[group_of[root(p.a)]].pairings.push_back({place[p.a], place[p.b], p.games, p.wins});
  return out;
}

double log1p_exp(double x) { return x > 0 ? x + std::log1p(std::exp(-x)) : std::log1p(std::exp(x)); }

double minus_log_posterior(const Group& g, const std::vector<double>& s) {
  double sum = 0;
  for (double v : s) sum += kPrecision * v * v / 2;
  for (const Pairing& p : g.pairings) {
    const double d = s[p.a] - s[p.b];
    sum += p.games * log1p_exp(d) - p.wins * d;
  }
  return sum;
}

// The lower triangle of the Hessian of minus_log_posterior, m x m, and the gradient.
void derivatives(const Group& g, const std::vector<double>& s, std::vector<double>& hessian,
                 std::vector<double>& gradient) {
  const std::size_t m = s.size();
  hessian.assign(m * m, 0);
  for (std::size_t i = 0; i < m; ++i) {
    hessian[i * m + i] = kPrecision;
    gradient[i] = kPrecision * s[i];
  }
  for (const Pairing& p : g.pairings) {
    const double win = 1 / (1 + std::exp(s[p.b] - s[p.a])), curve = p.games * win * (1 - win);
    gradient[p.a] += p.games * win - p.wins;
    gradient[p.b] -= p.games * win - p.wins;
    hessian[p.a * m + p.a] += curve;
    hessian[p.b * m + p.b] += curve;
    hessian[p.b * m + p.a] -= curve;  // a < b
  }
}

// Cholesky factor in place. No pivot of a Hessian that exceeds the prior's can be below the prior's precision, so rounding may
// not push one there either.
void factor(std::vector<double>& h, std::size_t m) {
  for (std::size_t j = 0; j < m; ++j) {
    for (std::size_t i = j; i < m; ++i) {
      double sum = h[i * m + j];
      for (std::size_t k = 0; k < j; ++k) sum -= h[i * m + k] * h[j * m + k];
      h[i * m + j] = i == j ? std::sqrt(std::max(sum, kPrecision)) : sum / h[j * m + j];
    }
  }
}

void solve(const std::vector<double>& l, std::vector<double>& x) {
  const std::size_t m = x.size();
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t k = 0; k < i; ++k) x[i] -= l[i * m + k] * x[k];
    x[i] /= l[i * m + i];
  }
  for (std::size_t i = m; i-- > 0;) {
    x[i] /= l[i * m + i];
    for (std::size_t k = 0; k < i; ++k) x[k] -= l[i * m + k] * x[i];
  }
}

// (L L')^-1, by rows of L^-1.
std::vector<double> inverse(const std::vector<double>& l, std::size_t m) {
  std::vector<double> root(m * m, 0), out(m * m, 0);
  for (std::size_t i = 0; i < m; ++i) {
    double* row = &root[i * m];
    for (std::size_t k = 0; k < i; ++k) {
      for (std::size_t c = 0; c <= k; ++c) row[c] -= l[i * m + k] * root[k * m + c];
    }
    row[i] = 1;
    for (std::size_t c = 0; c <= i; ++c) row[c] /= l[i * m + i];
    for (std::size_t a = 0; a <= i; ++a) {
      for (std::size_t b = 0; b <= a; ++b) out[a * m + b] += row[a] * row[b];
    }
  }
  for (std::size_t a = 0; a < m; ++a) {
    for (std::size_t b = 0; b < a; ++b) out[b * m + a] = out[a * m + b];
  }
  return out;
}

// Newton's step from s, in place of the gradient's storage; returns its largest part.
double newton_step(const Group& g, const std::vector<double>& s, std::vector<double>& hessian,
                   std::vector<double>& step) {
  derivatives(g, s, hessian, step);
  factor(hessian, s.size());
  solve(hessian, step);
  double length = 0;
  for (double d : step) length = std::max(length, std::abs(d));
  return length;
}

// The prior is the same for all and games see differences only, so a group's mode has mean 0 by itself.
Posterior fit(const Group& g) {
  const std::size_t m = g.players.size();
  if (m == 1) return {{0}, {1 / kPrecision}};
  std::vector<double> s(m, 0), hessian, step(m), tried(m);
  for (int i = 0; i < kNewtonSteps; ++i) {
    const double length = newton_step(g, s, hessian, step);
    const double value = length < kSureStep ? 0 : minus_log_posterior(g, s);
    double share = 1;
    for (int half = 0; half < kHalvings; ++half, share /= 2) {
      for (std::size_t k = 0; k < m; ++k) tried[k] = s[k] - share * step[k];
      if (length < kSureStep || minus_log_posterior(g, tried) < value) break;
    }
    s.swap(tried);
    if (length < kSmallStep) break;
  }
  const double mean = std::accumulate(s.begin(), s.end(), 0.0) / static_cast<double>(m);
  for (double& v : s) v -= mean;
  newton_step(g, s, hessian, step);
  return {std::move(s), inverse(hessian, m)};
}

}  // namespace

std::vector<Strength> bradley_terry(std::size_t n, std::span<const Game> games, double z) {
  if (!(z >= 0 && std::isfinite(z))) z = kZ95;
  std::vector<Strength> out(n);
  for (const Group& g : groups(n, pairings(n, games))) {
    const std::size_t m = g.players.size();
    const Posterior p = fit(g);
    for (std::size_t i = 0; i < m; ++i) {
      // Every row of the covariance adds up to the prior's variance v (the ones are an eigenvector of the Hessian), so
      // var(s_i - mean) = C_ii - 2 v / n + v / n.
      const double variance = p.covariance[i * m + i] - 1 / kPrecision / static_cast<double>(n);
      const double half = z * std::sqrt(std::max(0.0, variance));
      out[g.players[i]] = {p.score[i], {p.score[i] - half, p.score[i] + half}};
    }
  }
  return out;
}

Posterior bradley_terry_posterior(std::size_t n, std::span<const Game> games) {
  Posterior out{std::vector<double>(n, 0), std::vector<double>(n * n, 0)};
  for (const Group& g : groups(n, pairings(n, games))) {
    const std::size_t m = g.players.size();
    const Posterior p = fit(g);
    for (std::size_t i = 0; i < m; ++i) {
      out.score[g.players[i]] = p.score[i];
      for (std::size_t k = 0; k < m; ++k) out.covariance[g.players[i] * n + g.players[k]] = p.covariance[i * m + k];
    }
  }
  return out;
}

double kendall_tau(std::span<const double> x, std::span<const double> y) {
  if (x.size() != y.size()) return 0;
  const auto order = [](double a, double b) { return (a > b) - (a < b); };
  double agree = 0, in_x = 0, in_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (std::size_t k = 0; k < i; ++k) {
      const int a = order(x[i], x[k]), b = order(y[i], y[k]);
      agree += a * b;
      in_x += a * a;
      in_y += b * b;
    }
  }
  return in_x > 0 && in_y > 0 ? agree / std::sqrt(in_x * in_y) : 0;
}

}  // namespace rm::stats
