#include "lib/report/curves.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "lib/base/number.h"
#include "lib/report/curve_panel.h"
#include "lib/report/curve_plan.h"
#include "lib/report/html.h"
#include "lib/report/svg_text.h"

namespace rm::report {
namespace {

constexpr const char* kCss =
#include "curves_css.inc"
    ;

constexpr double kMargin = 16, kHeadSize = 20, kTextSize = 12.5;
constexpr double kTitleHeight = 62, kLegendRow = 20;
constexpr double kNarrowBelow = 900;  // pixels of a window in which two columns would be hard to read
constexpr double kLonePanel = 1.5;    // how much larger one panel is drawn

std::string translated(double x, double y, const char* unit) {
  return "translate(" + coordinate(x) + unit + "," + coordinate(y) + unit + ")";
}

std::string steps_of(const CurvePicture& p) {
  const auto grouped = [](std::int64_t v) { return format_grouped(static_cast<std::uint64_t>(v)); };
  return p.first == p.last ? "step " + grouped(p.first) : "steps " + grouped(p.first) + " to " + grouped(p.last);
}

// Name and steps, and with several runs what colour each has. Fits one column, whatever the window.
class Head {
 public:
  Head(const std::vector<CurveRun>& runs, const CurvePicture& picture) {
    const double room = kPanelWidth - 2 * kMargin;
    title_ = runs.size() == 1 ? runs.front().name : std::to_string(runs.size()) + " training runs";
    put("head strong", 0, 34, fitted(title_, kHeadSize * 1.15, room));
    put("", 0, 54, steps_of(picture));
    height_ = kTitleHeight;
    if (runs.size() == 1) return;
    double x = 0, y = height_ + 12;
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const std::string name = fitted(runs[i].name, kTextSize, room - kKeyWidth);
      const double width = kKeyWidth + text_width(name, kTextSize);
      if (x > 0 && x + width > room) x = 0, y += kLegendRow;
      drawn_ += line_key(i, kMargin + x, y - 4);
      put("", x + kKeyWidth, y, name);
      x += width + 18;
    }
    height_ = y + 14;
  }
  double height() const { return height_; }
  const std::string& title() const { return title_; }
  const std::string& drawn() const { return drawn_; }

 private:
  void put(const std::string& kind, double x, double y, const std::string& text) {
    drawn_ += "<text" + (kind.empty() ? "" : " class=\"" + kind + "\"") + " x=\"" + coordinate(kMargin + x) +
              "\" y=\"" + coordinate(y) + "\">" + html_text(text) + "</text>";
  }
  std::string title_, drawn_;
  double height_ = 0;
};

// In a narrow window panels stand in one column, drawn twice as large in a picture that is twice as high for its width. Not
// where the picture is shown as an image, whose shape is fixed: then the window has just that shape.
std::string narrow_rules(double width, double height, double narrow_height, std::size_t panels, double top) {
  const auto shape = [&](double part) {
    return std::to_string(std::lround(part * 1000 * width)) + "/" + std::to_string(std::lround(1000 * height));
  };
  const std::string narrow = "(max-width: " + coordinate(kNarrowBelow) + "px)";
  std::string out = "@media " + narrow + " and (max-aspect-ratio: " + shape(0.98) + "), " + narrow +
                    " and (min-aspect-ratio: " + shape(1.02) +
                    ") {\n  svg { width: 100%; height: auto; aspect-ratio: " + coordinate(width / 2) + " / " +
                    coordinate(narrow_height) + "; }\n  .all { transform: scale(2); }\n";
  for (std::size_t i = 0; i < panels; ++i) {
    out += "  .p" + std::to_string(i) +
           " { transform: " + translated(0, top + static_cast<double>(i) * kPanelHeight, "px") + "; }\n";
  }
  return out + "}\n";
}

}  // namespace

Result<std::string> curves_svg(const std::vector<CurveRun>& runs, const CurveOptions& o) {
  RM_ASSIGN(const std::vector<PlanPanel> plan, plan_panels(runs, o.metrics));
  const CurvePicture picture(runs, plan, o);
  const Head head(runs, picture);
  const std::size_t across = plan.size() > 1 ? 2 : 1, down = (plan.size() + across - 1) / across;
  const double width = kPanelWidth * static_cast<double>(across);
  const double height = head.height() + static_cast<double>(down) * kPanelHeight + kMargin / 2;
  const double narrow_height = head.height() + static_cast<double>(plan.size()) * kPanelHeight + kMargin / 2;
  std::string panels, about;
  for (std::size_t i = 0; i < plan.size(); ++i) {
    const double x = kPanelWidth * static_cast<double>(i % across);
    const double y = head.height() + static_cast<double>(i / across) * kPanelHeight;
    panels += "<g class=\"p" + std::to_string(i) + "\" transform=\"" + translated(x, y, "") + "\">" +
              picture.draw(plan[i]) + "</g>\n";
    about += picture.describe(plan[i]);
  }
  const double scale = across == 1 ? kLonePanel : 1;
  std::string out = "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" + coordinate(width * scale) + "\" height=\"" +
                    coordinate(height * scale) + "\" viewBox=\"0 0 " + coordinate(width) + " " + coordinate(height) +
                    "\" preserveAspectRatio=\"xMidYMin\" role=\"img\" aria-labelledby=\"title about\">\n";
  out += "<title id=\"title\">" + html_text(head.title()) + "</title>\n<desc id=\"about\">" + html_text(about) +
         "</desc>\n";
  out += "<style>\n" + std::string(kCss);
  if (across > 1) out += narrow_rules(width, height, narrow_height, plan.size(), head.height());
  out += "</style>\n<rect class=\"paper\" width=\"100%\" height=\"400%\"/>\n<g class=\"all\">\n" + head.drawn() + "\n";
  return out + panels + "</g>\n</svg>";
}

}  // namespace rm::report
