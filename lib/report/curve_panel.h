// One panel of curves: axes, lines, marks, keys and last values, drawn and in words. Internal to curves and curve_text.
//
// All panels of a picture share their steps and the smoothing. Runs outlive the picture.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/report/curve_path.h"
#include "lib/report/curve_plan.h"
#include "lib/report/curves.h"

namespace rm::report {

inline constexpr double kPanelWidth = 560, kPanelHeight = 288;
inline constexpr double kKeyWidth = 26;  // of the piece of line before a name

// A piece of a line in the colour of a run, centred on y.
std::string line_key(std::size_t run, double x, double y);

// A line as it is drawn.
struct CurveLine {
  std::size_t color = 0;
  const PlanLine* plan = nullptr;
  const CurveRun* run = nullptr;
  const std::vector<metrics::Point>* values = nullptr;
  std::vector<metrics::Point> smooth;  // empty: there is none
  bool pale = true;                    // with a smooth line: the values are drawn too

  bool draws_values() const { return smooth.empty() || pale; }
  const std::vector<metrics::Point>& main() const { return smooth.empty() ? *values : smooth; }
  std::optional<metrics::Point> last() const;  // of main(); empty: no finite value
};

class CurvePicture {
 public:
  CurvePicture(const std::vector<CurveRun>& runs, const std::vector<PlanPanel>& plan, const CurveOptions& o);

  std::string draw(const PlanPanel& panel) const;      // SVG in a space of kPanelWidth by kPanelHeight
  std::string describe(const PlanPanel& panel) const;  // a sentence a line, each followed by a space
  std::vector<CurveLine> lines(const PlanPanel& panel) const;
  Axis steps(int ticks) const;
  static Axis values(const PlanPanel& panel, const std::vector<CurveLine>& lines);

  std::int64_t first = 0, last = 0;  // steps of all panels

 private:
  const std::vector<CurveRun>& runs_;
  double half_ = 0;  // of the smoothing; 0: none
};

}  // namespace rm::report
