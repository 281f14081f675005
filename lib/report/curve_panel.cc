#include "lib/report/curve_panel.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "lib/base/number.h"
#include "lib/report/html.h"
#include "lib/report/svg_text.h"

namespace rm::report {
namespace {

using metrics::Point;

constexpr Box kPlot{62, 48, 420, 206};
constexpr double kRight = kPlot.left + kPlot.width, kBottom = kPlot.top + kPlot.height;
constexpr double kCard = 8;  // between a panel's space and its card
constexpr double kPanelSize = 14.5, kTextSize = 12.5;
constexpr double kBold = 1.15;           // how much wider bold letters are
constexpr double kRowApart = 15;         // of last values
constexpr std::size_t kMarks = 60;       // of a line of points
constexpr std::size_t kPaleRuns = 3;     // beyond, pale values would only hide the lines
constexpr std::size_t kFew = 12;         // values that are marked in any line
constexpr std::size_t kUnsmoothed = 20;  // values up to which nothing is smoothed
constexpr double kSmoothPart = 100;      // half weight after this part of the values
constexpr double kDwarfed = 50;          // times the median: the scale becomes logarithmic
constexpr std::size_t kColors = 6, kDashes = 3;

std::string color_class(std::size_t n) { return "c" + std::to_string(n % kColors); }
std::string line_class(std::size_t n) {
  const std::size_t dash = n / kColors % kDashes;
  return dash == 0 ? "line" : "line dash-" + std::to_string(dash);
}

// Squeezed where it is wider than `room`.
std::string text(const std::string& kind, double x, double y, const std::string& said, double room = kPanelWidth) {
  return "<text" + (kind.empty() ? "" : " class=\"" + kind + "\"") + " x=\"" + coordinate(x) + "\" y=\"" +
         coordinate(y) + "\"" +
         (text_width(said, kTextSize) > room
              ? " textLength=\"" + coordinate(room) + "\" lengthAdjust=\"spacingAndGlyphs\""
              : "") +
         ">" + html_text(said) + "</text>";
}

std::string at_step(const Point& p) {
  return "step " + format_grouped(static_cast<std::uint64_t>(p.step)) + ": " + short_number(p.value);
}

std::string mark(const Point& p, const Axis& x, const Axis& y, bool large) {
  const std::string place = place_of(p, x, y, kPlot);
  const auto gap = place.find(' ');
  return "<circle class=\"mark\" cx=\"" + place.substr(0, gap) + "\" cy=\"" + place.substr(gap + 1) + "\" r=\"" +
         (large ? "3.5" : "2.5") + "\"><title>" + at_step(p) + "</title></circle>";
}

std::string frame(const Axis& x, const Axis& y) {
  std::string out = "<rect class=\"card\" x=\"" + coordinate(kCard) + "\" y=\"" + coordinate(kCard / 2) +
                    "\" width=\"" + coordinate(kPanelWidth - 2 * kCard) + "\" height=\"" +
                    coordinate(kPanelHeight - kCard) + "\" rx=\"10\"/>";
  std::string grid;
  for (const Tick& t : y.ticks()) {
    const double at = kPlot.top + kPlot.height * (1 - y.at(t.value));
    grid += "M" + coordinate(kPlot.left) + " " + coordinate(at) + "H" + coordinate(kRight);
    out += text("right", kPlot.left - 7, at + 4.5, t.label, kPlot.left - 7 - kCard - 4);
  }
  double free = 0;  // labels of steps do not touch
  for (const Tick& t : x.ticks()) {
    const double at = kPlot.left + kPlot.width * x.at(t.value), half = text_width(t.label, kTextSize) / 2;
    grid += "M" + coordinate(at) + " " + coordinate(kBottom) + "v4";
    if (at - half < free) continue;
    out += text("mid", at, kBottom + 19, t.label);
    free = at + half + 4;
  }
  grid += "M" + coordinate(kPlot.left) + " " + coordinate(kBottom) + "H" + coordinate(kRight);
  return out + "<path class=\"grid\" d=\"" + grid + "\"/>" +
         text("right", kPanelWidth - 2 * kCard, kBottom + 19, "step");
}

// What kinds of line there are, from the right; the unit after the title where it leaves room.
std::string heading(const PlanPanel& panel, bool log, const std::vector<std::pair<std::string, std::string>>& keys) {
  const double y = 31;
  double right = kPanelWidth - 2 * kCard;
  std::string out;
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) {
    right -= text_width(key->second, kTextSize);
    out += text("", right, y, key->second);
    right -= kKeyWidth;
    out += "<svg x=\"" + coordinate(right) + "\" y=\"" + coordinate(y - 4) + "\" overflow=\"visible\">" + key->first +
           "</svg>";
    right -= 14;
  }
  const double left = 22;
  const std::string title = fitted(panel.title, kPanelSize * kBold, std::max(60.0, right - left));
  out += text("panel strong", left, y, title);
  const double behind = left + text_width(title, kPanelSize * kBold) + 8;
  const std::string unit = panel.unit + (log ? std::string(panel.unit.empty() ? "" : ", ") + "log scale" : "");
  if (!unit.empty() && behind + text_width(unit, kTextSize) <= right) out += text("", behind, y, unit);
  return out;
}

std::string key_drawn(const CurveLine& line, bool several) {
  std::string out =
      "<g class=\"" + (several ? "any" : color_class(line.color)) + "\"><path class=\"line\" d=\"M0 0h18\"/>";
  if (line.plan->style == LineStyle::kPoints) out += "<circle class=\"mark\" cx=\"9\" cy=\"0\" r=\"3.5\"/>";
  return out + "</g>";
}

struct Label {
  double at;
  std::string color, said;
};

// Last values at the right: of all lines, of those of the panel's first metric, or none, as there is room.
std::vector<Label> labels_of(const std::vector<CurveLine>& lines, const Axis& y) {
  constexpr auto kMost = static_cast<std::size_t>(kPlot.height / kRowApart) + 1;
  std::vector<Label> all, first;
  for (const CurveLine& l : lines) {
    const auto last = l.last();
    if (!last) continue;
    all.push_back(
        {kPlot.top + kPlot.height * (1 - y.at(last->value)), color_class(l.color), short_number(last->value)});
    if (l.plan == lines.front().plan) first.push_back(all.back());
  }
  if (all.size() <= kMost) return all;
  return first.size() <= kMost ? first : std::vector<Label>();
}

// Each as near to the end of its line as the others let it.
std::string last_values(const std::vector<CurveLine>& lines, const Axis& y) {
  std::vector<Label> labels = labels_of(lines, y);
  std::ranges::stable_sort(labels, {}, &Label::at);
  double free = kPlot.top;
  for (Label& l : labels) {
    l.at = std::max(l.at, free);
    free = l.at + kRowApart;
  }
  free = kBottom;
  for (auto l = labels.rbegin(); l != labels.rend(); ++l) {
    l->at = std::min(l->at, free);
    free = l->at - kRowApart;
  }
  std::string out;
  for (const Label& l : labels)
    out += "<g class=\"" + l.color + "\">" +
           text("last", kRight + 9, l.at + 4.5, l.said, (kPanelWidth - kCard - 4 - kRight - 9) / kBold) + "</g>";
  return out;
}

std::string drawn(const CurveLine& l, const Axis& x, const Axis& y) {
  std::string out = "<g class=\"" + color_class(l.color) + "\">";
  const auto path = [&](const std::vector<Point>& points, const std::string& kind) {
    out += "<path class=\"" + kind + "\" d=\"" + path_of(points, x, y, kPlot) + "\"/>";
  };
  if (!l.smooth.empty() && l.pale) path(*l.values, "line pale");
  path(l.main(), line_class(l.color));
  const bool points = l.plan->style == LineStyle::kPoints;
  const std::vector<Point> marked = to_mark(l.main(), kMarks);
  if (points || marked.size() <= kFew) {
    for (const Point& p : marked) out += mark(p, x, y, points);
  }
  return out + "</g>";
}

}  // namespace

std::string line_key(std::size_t run, double x, double y) {
  return "<g class=\"" + color_class(run) + "\"><path class=\"" + line_class(run) + "\" d=\"M" + coordinate(x) + " " +
         coordinate(y) + "h18\"/></g>";
}

std::optional<Point> CurveLine::last() const {
  const auto& points = main();
  const auto found =
      std::find_if(points.rbegin(), points.rend(), [](const Point& p) { return std::isfinite(p.value); });
  return found == points.rend() ? std::nullopt : std::optional(*found);
}

CurvePicture::CurvePicture(const std::vector<CurveRun>& runs, const std::vector<PlanPanel>& plan, const CurveOptions& o)
    : runs_(runs) {
  bool any = false;
  std::size_t longest = 0;
  for (const PlanPanel& panel : plan) {
    for (const PlanLine& line : panel.lines) {
      for (const CurveRun& run : runs) {
        const metrics::Column* c = run.columns.find(line.metric);
        if (c == nullptr || c->points.empty()) continue;
        first = any ? std::min(first, c->points.front().step) : c->points.front().step;
        last = any ? std::max(last, c->points.back().step) : c->points.back().step;
        any = true;
        if (line.style == LineStyle::kNoisy) longest = std::max(longest, c->points.size());
      }
    }
  }
  half_ = longest > kUnsmoothed ? std::max(1.0, static_cast<double>(longest) / kSmoothPart) : 0;
  if (o.smooth) half_ = static_cast<double>(*o.smooth);
}

std::vector<CurveLine> CurvePicture::lines(const PlanPanel& panel) const {
  std::vector<CurveLine> out;
  for (std::size_t run = 0; run < runs_.size(); ++run) {
    for (std::size_t i = 0; i < panel.lines.size(); ++i) {
      const metrics::Column* c = runs_[run].columns.find(panel.lines[i].metric);
      if (c == nullptr) continue;
      CurveLine l{runs_.size() > 1 ? run : i, &panel.lines[i], &runs_[run], &c->points, {}, runs_.size() <= kPaleRuns};
      if (l.plan->style == LineStyle::kNoisy && half_ > 0 && c->points.size() > 1)
        l.smooth = smoothed(c->points, half_);
      out.push_back(std::move(l));
    }
  }
  return out;
}

Axis CurvePicture::steps(int ticks) const {
  constexpr double kFromZero = 0.05;
  const auto low = static_cast<double>(first), high = static_cast<double>(last);
  return Axis::linear(first < last && low <= kFromZero * high ? 0 : low, high, ticks, true);
}

Axis CurvePicture::values(const PlanPanel& panel, const std::vector<CurveLine>& lines) {
  std::vector<double> all;
  for (const CurveLine& l : lines) {
    for (const Point& p : l.draws_values() ? *l.values : l.main()) {
      if (std::isfinite(p.value)) all.push_back(p.value);
    }
  }
  if (all.empty()) return Axis::linear(0, 1, 5);
  const auto [low, high] = std::ranges::minmax(all);
  if (panel.share && low >= 0 && high <= 1) return Axis::linear(0, 1, 5);
  const auto middle = all.begin() + static_cast<std::ptrdiff_t>(all.size() / 2);
  std::ranges::nth_element(all, middle);
  return panel.may_log && low > 0 && high > kDwarfed * *middle ? Axis::logarithmic(low, high) : value_axis(low, high);
}

std::string CurvePicture::draw(const PlanPanel& panel) const {
  const std::vector<CurveLine> all = lines(panel);
  const Axis x = steps(6), y = values(panel, all);
  std::vector<std::pair<std::string, std::string>> keys;  // drawn, label
  for (const PlanLine& p : panel.lines) {
    const auto l = std::ranges::find(all, &p, &CurveLine::plan);
    if (panel.lines.size() > 1 && l != all.end()) keys.emplace_back(key_drawn(*l, runs_.size() > 1), p.label);
  }
  std::string out = frame(x, y) + heading(panel, y.is_logarithmic(), keys);
  bool any = false;
  for (const CurveLine& l : all) {
    out += drawn(l, x, y);
    any |= l.last().has_value();
  }
  if (!any) out += text("mid", kPlot.left + kPlot.width / 2, kPlot.top + kPlot.height / 2, "no finite value");
  return out + last_values(all, y);
}

std::string CurvePicture::describe(const PlanPanel& panel) const {
  std::string out;
  for (const CurveLine& l : lines(panel)) {
    std::vector<Point> points = to_mark(*l.values, std::numeric_limits<std::size_t>::max());
    out += panel.title + (l.plan->label.empty() ? "" : ", " + l.plan->label) +
           (runs_.size() > 1 ? " (" + l.run->name + ")" : "") + ": ";
    if (points.empty()) {
      out += "no finite value. ";
      continue;
    }
    const auto [low, high] = std::ranges::minmax_element(points, {}, &Point::value);
    out += format_grouped(points.size()) + (points.size() == 1 ? " value, " : " values, ") + at_step(points.front());
    if (points.size() > 1)
      out += ", " + at_step(points.back()) + "; least at " + at_step(*low) + ", greatest at " + at_step(*high);
    out += ". ";
  }
  return out;
}

}  // namespace rm::report
