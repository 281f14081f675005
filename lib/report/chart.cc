#include "lib/report/chart.h"

#include <algorithm>
#include <cmath>

#include "lib/base/number.h"
#include "lib/report/html.h"
#include "lib/report/text_lines.h"
#include "lib/stats/wilson.h"

namespace rm::report {
namespace {

using bench::Figure;

constexpr int kShapes = 6;  // classes mark-0 .. mark-5

std::string run_class(std::size_t run) { return "mark-" + std::to_string(run % kShapes); }

// A circle, square, diamond or triangle around 0,0: told apart without colour.
std::string shape(std::size_t run) {
  switch (run % 4) {
    case 0:
      return "<circle r=\"4.5\"/>";
    case 1:
      return "<rect x=\"-4\" y=\"-4\" width=\"8\" height=\"8\"/>";
    case 2:
      return "<path d=\"M0-6 6 0 0 6-6 0z\"/>";
    default:
      return "<path d=\"M0-5.5 5.5 4.5h-11z\"/>";
  }
}

class Row {
 public:
  explicit Row(const ChartStyle& s) : s_(s) {}
  std::string at(double v) const {
    return format_fixed(100 * std::clamp((v - s_.low) / (s_.high - s_.low), 0.0, 1.0), 2) + "%";
  }
  std::string grid() const {
    std::string out;
    for (int i = 0; i <= 4; ++i) {
      const double v = s_.low + (s_.high - s_.low) * i / 4;
      const bool strong = std::abs(v - s_.middle) < 1e-9;
      out += "<line class=\"" + std::string(strong ? "middle" : "grid") + "\" x1=\"" + at(v) + "\" x2=\"" + at(v) +
             "\" y1=\"0\" y2=\"100%\"/>";
    }
    return out;
  }
  std::string ticks() const {
    std::string out;
    for (int i = 0; i <= 4; i += 2) {
      const double v = s_.low + (s_.high - s_.low) * i / 4;
      const char* anchor = i == 0 ? "start" : i == 4 ? "end" : "middle";
      out +=
          "<text x=\"" + at(v) + "\" y=\"12\" text-anchor=\"" + anchor + "\">" + format_fixed(100 * v, 0) + "</text>";
    }
    return out;
  }
  std::string drawn(const Figure& f, std::size_t run) const {
    return "<line class=\"range\" x1=\"" + at(f.interval.low) + "\" x2=\"" + at(f.interval.high) +
           "\" y1=\"50%\" y2=\"50%\"/><svg x=\"" + at(*f.value) + "\" y=\"50%\" overflow=\"visible\">" + shape(run) +
           "</svg>";
  }

 private:
  const ChartStyle& s_;
};

std::string signed_percent(double v, bool sign) { return (sign && v > 0 ? "+" : "") + percent(v); }

std::string value_cells(const Figure* f, bool difference) {
  if (f == nullptr || !f->value) return "<td class=\"number\">–</td><td class=\"between\"></td><td class=\"n\"></td>";
  return "<td class=\"number\">" + signed_percent(*f->value, difference) + "</td><td class=\"between\">" +
         signed_percent(f->interval.low, difference) + " to " + signed_percent(f->interval.high, difference) +
         "</td><td class=\"n\">" + format_grouped(f->n) + "</td>";
}

}  // namespace

std::string interval_chart(const ChartStyle& style, const std::vector<ChartRow>& rows) {
  const Row draw(style);
  const bool several = style.runs.size() > 1;
  std::string out =
      "<table class=\"chart\"><caption>" + html_text(style.caption) + "</caption>\n<thead><tr><th scope=\"col\">";
  out += "<span class=\"unseen\">Name</span></th>";
  if (several) out += "<th scope=\"col\" class=\"run\"><span class=\"unseen\">Run</span></th>";
  out += "<th class=\"plot\" aria-hidden=\"true\"><svg class=\"axis\">" + draw.ticks() + "</svg></th>";
  out += "<th scope=\"col\" class=\"number\">%</th><th scope=\"col\" class=\"between\">95 % interval</th>";
  out += "<th scope=\"col\" class=\"n\">n</th></tr></thead>\n";
  for (const ChartRow& row : rows) {
    out += "<tbody" + std::string(row.quiet ? " class=\"quiet\"" : "") + ">";
    for (std::size_t run = 0; run < row.figures.size(); ++run) {
      const Figure* f = row.figures[run];
      out += "<tr>";
      if (run == 0) {
        out += "<th scope=\"rowgroup\" class=\"name\"";
        if (several) out += " rowspan=\"" + std::to_string(row.figures.size()) + "\"";
        out += ">" + html_text(row.name) + "</th>";
      }
      if (several) {
        out += "<td class=\"run\"><span class=\"" + run_class(run) +
               "\"><svg class=\"key\" viewBox=\"-7 -7 14 14\" aria-hidden=\"true\">" + shape(run) +
               "</svg></span><span class=\"run-name\">" + html_text(style.runs[run]) + "</span></td>";
      }
      out += "<td class=\"plot\" aria-hidden=\"true\"><svg class=\"" + run_class(run) + "\">" + draw.grid();
      if (f != nullptr && f->value) out += draw.drawn(*f, run);
      out += "</svg></td>" + value_cells(f, style.difference) + "</tr>";
    }
    out += "</tbody>\n";
  }
  return out + "</table>\n";
}

std::string heat_map(const std::string& caption, const bench::Scores::Matrix& m) {
  constexpr int kSteps = 20;
  std::string out = "<table class=\"heat\"><caption>" + html_text(caption) + "</caption>\n<thead><tr><td></td>";
  for (int c = 0; c < 3; ++c)
    out += "<th scope=\"col\"><small>rejected</small> " + std::string(bench::style(c)) + "</th>";
  out += "</tr></thead>\n<tbody>";
  for (std::size_t row = 0; row < 3; ++row) {
    out += "<tr><th scope=\"row\"><small>chosen</small> " + std::string(bench::style(static_cast<int>(row))) + "</th>";
    for (std::size_t c = 0; c < 3; ++c) {
      const Figure& f = m.cells[3 * row + c];
      if (!f.value) {
        out += "<td class=\"empty\">–</td>";
        continue;
      }
      out += "<td class=\"heat-" + std::to_string(std::lround(*f.value * kSteps)) + "\"><b>" +
             format_fixed(*f.value * 100, 1) + "</b><small>" + format_fixed(f.interval.low * 100, 0) + "–" +
             format_fixed(f.interval.high * 100, 0) + "</small></td>";
    }
    out += "</tr>";
  }
  return out + "</tbody></table>\n";
}

std::optional<double> calibration_error(const std::array<bench::Bin, 10>& bins) {
  double n = 0, sum = 0;
  for (const bench::Bin& b : bins) {
    n += static_cast<double>(b.n);
    sum += std::abs(b.confidence - static_cast<double>(b.right));
  }
  return n > 0 ? std::optional(sum / n) : std::nullopt;
}

std::string calibration_chart(const std::vector<std::string>& runs,
                              const std::vector<const std::array<bench::Bin, 10>*>& bins) {
  constexpr double kLeft = 44, kTop = 8, kSide = 246;
  const auto x = [](double v) { return format_fixed(kLeft + kSide * v, 1); };
  const auto y = [](double v) { return format_fixed(kTop + kSide * (1 - v), 1); };
  std::string drawn, rows;
  for (std::size_t run = 0; run < bins.size(); ++run) {
    const auto error = calibration_error(*bins[run]);
    if (!error) continue;
    std::string line, points;
    for (const bench::Bin& b : *bins[run]) {
      if (b.n == 0) continue;
      const double sure = b.confidence / static_cast<double>(b.n),
                   right = static_cast<double>(b.right) / static_cast<double>(b.n);
      const stats::Interval i = stats::wilson(static_cast<std::int64_t>(b.right), static_cast<std::int64_t>(b.n));
      line += (line.empty() ? "M" : "L") + x(sure) + " " + y(right);
      points += "<line class=\"range\" x1=\"" + x(sure) + "\" x2=\"" + x(sure) + "\" y1=\"" + y(i.low) + "\" y2=\"" +
                y(i.high) + "\"/><svg x=\"" + x(sure) + "\" y=\"" + y(right) + "\" overflow=\"visible\">" + shape(run) +
                "</svg>";
      rows += "<tr>" + (runs.size() > 1 ? "<td>" + html_text(runs[run]) + "</td>" : std::string()) +
              "<td class=\"number\">" + percent(sure) + "</td><td class=\"number\">" + percent(right) +
              "</td><td class=\"number\">" + percent(i.low) + " to " + percent(i.high) + "</td><td class=\"number\">" +
              format_grouped(b.n) + "</td></tr>";
    }
    drawn += "<g class=\"" + run_class(run) + "\"><path class=\"curve\" d=\"" + line + "\"/>" + points + "</g>";
  }
  if (drawn.empty()) return {};
  std::string out =
      "<figure class=\"calibration\"><svg viewBox=\"0 0 300 300\" role=\"img\" aria-label=\"Share right by confidence; "
      "the numbers are in the table\">";
  for (int i = 0; i <= 4; ++i) {
    const double v = i / 4.0;
    out += "<line class=\"grid\" x1=\"" + x(v) + "\" x2=\"" + x(v) + "\" y1=\"" + y(0) + "\" y2=\"" + y(1) + "\"/>";
    out += "<line class=\"grid\" x1=\"" + x(0) + "\" x2=\"" + x(1) + "\" y1=\"" + y(v) + "\" y2=\"" + y(v) + "\"/>";
    if (i % 2 != 0) continue;
    const std::string text = format_fixed(100 * v, 0);
    out += "<text x=\"" + x(v) + "\" y=\"274\" text-anchor=\"middle\">" + text + "</text>";
    out += "<text x=\"38\" y=\"" + format_fixed(kTop + kSide * (1 - v) + 4, 1) + "\" text-anchor=\"end\">" + text +
           "</text>";
  }
  out += "<line class=\"middle\" x1=\"" + x(0) + "\" y1=\"" + y(0) + "\" x2=\"" + x(1) + "\" y2=\"" + y(1) + "\"/>" +
         drawn;
  out += "<text x=\"167\" y=\"293\" text-anchor=\"middle\">confidence, %</text>";
  out += "<text x=\"10\" y=\"133\" text-anchor=\"middle\" transform=\"rotate(-90 10 133)\">right, %</text></svg>";
  out += "<figcaption>A judge whose confidence can be taken at its word lies on the straight line.";
  for (std::size_t run = 0; run < bins.size(); ++run) {
    const auto error = calibration_error(*bins[run]);
    if (!error) continue;
    out += " " + (runs.size() > 1 ? html_text(runs[run]) + ": m" : std::string("M")) + "ean distance " +
           percent(*error) + " points.";
  }
  out += "</figcaption><details><summary>The numbers</summary><table class=\"plain\"><thead><tr>";
  if (runs.size() > 1) out += "<th scope=\"col\">run</th>";
  return out +
         "<th scope=\"col\">confidence</th><th scope=\"col\">right</th><th scope=\"col\">95 % interval</th><th "
         "scope=\"col\">n</th></tr></thead><tbody>" +
         rows + "</tbody></table></details></figure>\n";
}

}  // namespace rm::report
