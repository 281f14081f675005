// Curves for a terminal: a canvas of Braille letters, two dots wide and four high each.
#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>

#include "lib/base/escape.h"
#include "lib/report/curve_panel.h"
#include "lib/text/utf8.h"

namespace rm::report {
namespace {

constexpr int kRows = 12, kLabelWidth = 9, kLeastColumns = 24, kMostColumns = 100;
constexpr std::array kColors{"36", "33", "35", "32", "34", "31"};

class Canvas {
 public:
  explicit Canvas(int columns) : columns_(columns), cells_(static_cast<std::size_t>(columns) * kRows) {}
  int wide() const { return 2 * columns_ - 1; }  // the greatest x
  static int high() { return 4 * kRows - 1; }

  void line(int x0, int y0, int x1, int y1, std::size_t color) {
    const int n = std::max({std::abs(x1 - x0), std::abs(y1 - y0), 1});
    for (int i = 0; i <= n; ++i) dot(x0 + (x1 - x0) * i / n, y0 + (y1 - y0) * i / n, color);
  }
  std::string row(int r, bool colored) const {  // without spaces at its end
    const auto from = cells_.begin() + r * columns_;
    const auto drawn = std::find_if(std::reverse_iterator(from + columns_), std::reverse_iterator(from),
                                    [](const Cell& c) { return c.dots != 0; });
    std::string out;
    const Cell* before = nullptr;
    for (auto cell = from; cell != drawn.base(); ++cell) {
      const bool change = colored && cell->dots != 0 && (before == nullptr || before->color != cell->color);
      if (change) out += "\x1b[" + std::string(kColors[cell->color]) + "m";
      if (cell->dots == 0) {
        out += ' ';
      } else {
        text::append_code_point(out, 0x2800 + cell->dots);
        before = &*cell;
      }
    }
    return before != nullptr && colored ? out + "\x1b[0m" : out;
  }

 private:
  struct Cell {
    unsigned dots = 0;
    std::size_t color = 0;
  };
  void dot(int x, int y, std::size_t color) {  // y from the bottom
    constexpr unsigned kDots[4][2] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};  // ISO/TR 11548-1, from the top
    const int down = high() - y;
    Cell& cell = cells_[static_cast<std::size_t>(down / 4 * columns_ + x / 2)];
    cell.dots |= kDots[down % 4][x % 2];
    cell.color = color % kColors.size();
  }
  int columns_;
  std::vector<Cell> cells_;
};

void draw(Canvas& canvas, const CurveLine& l, const Axis& x, const Axis& y) {
  bool pen = false;  // down, at the point before
  int x0 = 0, y0 = 0;
  for (const metrics::Point& p : l.main()) {
    if (!std::isfinite(p.value)) {
      pen = false;
      continue;
    }
    const auto x1 = static_cast<int>(std::lround(canvas.wide() * x.at(static_cast<double>(p.step))));
    const auto y1 = static_cast<int>(std::lround(Canvas::high() * y.at(p.value)));
    canvas.line(pen ? x0 : x1, pen ? y0 : y1, x1, y1, l.color);
    pen = true, x0 = x1, y0 = y1;
  }
}

// Labels of values by row, and of steps in a line, as many as find room.
std::array<std::string, kRows> value_labels(const Axis& y) {
  std::array<std::string, kRows> out;
  for (const Tick& t : y.ticks()) {
    auto& label = out[static_cast<std::size_t>((Canvas::high() - std::lround(Canvas::high() * y.at(t.value))) / 4)];
    if (label.empty()) label = t.label;
  }
  return out;
}

std::string step_labels(const Axis& x, int columns) {
  std::string out;
  for (const Tick& t : x.ticks()) {
    const auto at = static_cast<std::size_t>(std::lround((columns - 1) * x.at(t.value)));
    const std::size_t left = at - std::min(at, t.label.size() / 2);
    if (!out.empty() && left < out.size() + 2) continue;
    out.resize(std::max(out.size(), left), ' ');
    out += t.label;
  }
  return out + "  step";
}

}  // namespace

Result<std::string> curves_text(const std::vector<CurveRun>& runs, const CurveOptions& o, int columns, bool color) {
  RM_ASSIGN(std::vector<PlanPanel> plan, plan_panels(runs, o.metrics));
  plan.resize(1);
  const CurvePicture picture(runs, plan, o);
  std::vector<CurveLine> lines = picture.lines(plan.front());
  for (CurveLine& l : lines) l.pale = false;
  const int width = std::clamp(columns - kLabelWidth - 2, kLeastColumns, kMostColumns);
  const Axis x = picture.steps(5), y = CurvePicture::values(plan.front(), lines);
  Canvas canvas(width);
  for (const CurveLine& l : lines) draw(canvas, l, x, y);
  std::string out = escape_text(plan.front().title) + (plan.front().unit.empty() ? "" : ", " + plan.front().unit) +
                    (y.is_logarithmic() ? ", log scale" : "") + "\n";
  const auto labels = value_labels(y);
  for (int r = 0; r < kRows; ++r) {
    const std::string& label = labels[static_cast<std::size_t>(r)];
    out += std::string(kLabelWidth - std::min<std::size_t>(kLabelWidth, label.size()), ' ') + label + " " +
           canvas.row(r, color) + "\n";
  }
  out += std::string(kLabelWidth + 1, ' ') + step_labels(x, width) + "\n";
  for (const CurveLine& l : lines) {
    const std::string name = (runs.size() > 1 ? escape_text(l.run->name, 80) + ", " : "") + l.plan->label;
    const std::string mark = color ? "\x1b[" + std::string(kColors[l.color % kColors.size()]) + "m⣿\x1b[0m " : "";
    const auto last = l.last();
    out += std::string(kLabelWidth + 1, ' ') + mark + escape_text(name) + ": " +
           (last ? short_number(last->value) : "no finite value") + "\n";
  }
  return out;
}

}  // namespace rm::report
