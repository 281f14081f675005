#include "lib/bench/bias.h"

#include <cmath>
#include <future>

#include "lib/stats/logistic.h"

namespace rm::bench {
namespace {

constexpr const char* kGroup = "bias";
constexpr std::uint8_t kWhole = 12;

bool decided(const Row& r) { return r.outcome == Outcome::kRight || r.outcome == Outcome::kWrong; }
bool parsed(const Row& r) { return decided(r) || r.outcome == Outcome::kTie; }

// Accuracy is 1 where the right answer is preferred, so "prefers more" is: right and more, or wrong and less.
template <class Member>
auto prefers(Member more) {
  return [more](const Row& r) -> std::optional<double> {
    if (!decided(r) || r.longest == kNoShare || r.*more == 0) return std::nullopt;
    return (r.*more > 0) == (r.outcome == Outcome::kRight) ? 1.0 : 0.0;
  };
}

template <class Member>
auto more_is_right(Member more) {
  return [more](const Row& r) -> std::optional<double> {
    if (!decided(r) || r.longest == kNoShare || r.*more == 0) return std::nullopt;
    return r.*more > 0 ? 1.0 : 0.0;
  };
}

auto right_where(std::uint8_t first) {
  return [first](const Row& r) -> std::optional<double> {
    if (!parsed(r) || r.first != first) return std::nullopt;
    return r.outcome == Outcome::kRight ? 1.0 : 0.0;
  };
}

Figure length_controlled(const std::vector<Row>& rows) {
  Figure f{kGroup, "length-controlled accuracy"};
  const auto counts = [](const Row& r) { return parsed(r) && r.longest != kNoShare; };
  double n = 0, sum = 0, square = 0;
  for (const Row& r : rows) {
    if (!counts(r)) continue;
    n += 1, sum += r.longer, square += double(r.longer) * r.longer;
  }
  if (n < 3) return f;
  const double deviation = std::sqrt(std::fmax(0, square / n - sum / n * (sum / n)));
  if (!(deviation > 0)) return f;
  // tanh keeps a few very long answers from deciding the slope, as AlpacaEval 2 does.
  struct Used {
    float x;
    std::uint32_t item : 31, right : 1;
  };
  std::vector<Used> used;
  used.reserve(static_cast<std::size_t>(n));
  for (const Row& r : rows) {
    if (!counts(r)) continue;
    const auto x = static_cast<float>(std::tanh(r.longer / deviation));
    used.push_back({x, r.item & INT32_MAX, r.outcome == Outcome::kRight});
  }
  const auto fit = stats::logistic(used.size(), [&](std::size_t i) {
    return stats::Observation{used[i].x, used[i].right != 0 ? 1.0 : 0.0, used[i].item};
  });
  f.n = used.size();
  if (!fit) return f;
  const stats::AtZero at = stats::at_zero(*fit);
  f.value = at.value;
  f.interval = at.interval;
  f.method = "logistic";
  return f;
}

}  // namespace

std::vector<Figure> bias_figures(const std::vector<Row>& rows, const Settings& s) {
  auto controlled = std::async(std::launch::async, [&] { return length_controlled(rows); });
  std::vector<Figure> all;
  all.push_back(records_figure(
      kGroup, "both orders agree", rows,
      [](const Row& r) -> std::optional<double> {
        if (r.agree == kNoShare) return std::nullopt;
        return r.agree == kWhole ? 1.0 : 0.0;
      },
      s));
  all.push_back(records_figure(
      kGroup, "says A", rows,
      [](const Row& r) -> std::optional<double> {
        if (r.letters == 0) return std::nullopt;
        return double(r.letter_a) / r.letters;
      },
      s));
  all.push_back(records_figure(kGroup, "right when the right one is A", rows, right_where(kWhole), s));
  all.push_back(records_figure(kGroup, "right when the right one is B", rows, right_where(0), s));
  all.push_back(records_figure(kGroup, "prefers the longer", rows, prefers(&Row::longer), s));
  all.push_back(records_figure(kGroup, "the longer is right", rows, more_is_right(&Row::longer), s));
  all.push_back(records_figure(kGroup, "prefers more markdown", rows, prefers(&Row::marks), s));
  all.push_back(records_figure(kGroup, "more markdown is right", rows, more_is_right(&Row::marks), s));
  all.push_back(controlled.get());
  std::erase_if(all, [](const Figure& g) { return !g.value; });
  return all;
}

}  // namespace rm::bench
