#include "lib/report/curve_path.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "lib/base/number.h"

namespace rm::report {
namespace {

// Points that share a pixel's width: which of them are drawn.
class Column {
 public:
  void add(std::size_t at, double value) {
    if (empty_) {
      empty_ = false;
      first_ = last_ = least_ = greatest_ = at;
      low_ = high_ = value;
      return;
    }
    last_ = at;
    if (value < low_) low_ = value, least_ = at;
    if (value > high_) high_ = value, greatest_ = at;
  }
  bool empty() const { return empty_; }
  // In the order of steps, each once.
  std::vector<std::size_t> take() {
    empty_ = true;
    std::vector<std::size_t> out{first_, least_, greatest_, last_};
    std::ranges::sort(out);
    const auto twice = std::ranges::unique(out);
    out.erase(twice.begin(), twice.end());
    return out;
  }

 private:
  bool empty_ = true;
  std::size_t first_ = 0, last_ = 0, least_ = 0, greatest_ = 0;
  double low_ = 0, high_ = 0;
};

}  // namespace

std::vector<metrics::Point> smoothed(const std::vector<metrics::Point>& points, double half) {
  const double keep = std::exp2(-1 / half), unit = (1 - keep) / 2;  // sums stay within the values
  std::vector<double> sums(points.size()), weights(points.size());
  double sum = 0, weight = 0;
  const auto add = [&](std::size_t i) {
    if (std::isfinite(points[i].value)) sum += unit * points[i].value, weight += unit;
  };
  for (std::size_t i = 0; i < points.size(); ++i) {  // each value and those before it
    sum *= keep, weight *= keep;
    add(i);
    sums[i] = sum, weights[i] = weight;
  }
  sum = weight = 0;
  for (std::size_t i = points.size(); i-- > 0;) {  // those behind it
    sum *= keep, weight *= keep;
    sums[i] += sum, weights[i] += weight;
    add(i);
  }
  std::vector<metrics::Point> out(points);
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (std::isfinite(out[i].value)) out[i].value = sums[i] / weights[i];
  }
  return out;
}

std::string coordinate(double v) {
  std::string out = format_fixed(v, 1);
  if (out.ends_with(".0")) out.resize(out.size() - 2);
  return out;
}

std::string place_of(const metrics::Point& p, const Axis& x, const Axis& y, const Box& box) {
  return coordinate(box.left + box.width * x.at(static_cast<double>(p.step))) + " " +
         coordinate(box.top + box.height * (1 - y.at(p.value)));
}

std::string path_of(const std::vector<metrics::Point>& points, const Axis& x, const Axis& y, const Box& box) {
  std::string out;
  Column column;
  double pixel = -1;
  std::size_t drawn = 0;  // points of the piece of line that is being drawn
  const auto flush = [&] {
    if (column.empty()) return;
    for (const std::size_t i : column.take()) out += (drawn++ == 0 ? "M" : "L") + place_of(points[i], x, y, box);
  };
  for (std::size_t i = 0; i <= points.size(); ++i) {
    if (i == points.size() || !std::isfinite(points[i].value)) {
      flush();
      if (drawn == 1) out += "h0";
      drawn = 0;
      continue;
    }
    const double here = std::floor(box.width * x.at(static_cast<double>(points[i].step)));
    if (here != pixel) flush();
    pixel = here;
    column.add(i, points[i].value);
  }
  return out;
}

std::vector<metrics::Point> to_mark(const std::vector<metrics::Point>& points, std::size_t most) {
  std::vector<metrics::Point> finite;
  std::ranges::copy_if(points, std::back_inserter(finite),
                       [](const metrics::Point& p) { return std::isfinite(p.value); });
  if (finite.size() <= most) return finite;
  const std::size_t stride = (finite.size() + most - 1) / most;
  std::vector<metrics::Point> out;
  for (std::size_t i = (finite.size() - 1) % stride; i < finite.size(); i += stride) out.push_back(finite[i]);
  return out;
}

}  // namespace rm::report
