// Which metrics of a run are drawn, and which of them in one panel. Internal to curves and curve_text.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/report/curves.h"

namespace rm::report {

enum class LineStyle {
  kPlain,
  kNoisy,   // values pale, a smoothed line over them
  kPoints,  // few and far apart: marked
};

struct PlanLine {
  std::string metric, label;
  LineStyle style = LineStyle::kPlain;
};

struct PlanPanel {
  std::string title, unit;
  bool share = false;    // from 0 to 1
  bool may_log = false;  // drawn on a logarithmic scale where a few values dwarf the others
  std::vector<PlanLine> lines;
};

// Panels of what the runs have, in order. `wanted`: only those that hold one of these metrics; without it the usual ones, or all
// where there are none of them. With several runs a panel has one kind of line of each style. Exit::kInput, reason "no_metric",
// naming what there is.
Result<std::vector<PlanPanel>> plan_panels(const std::vector<CurveRun>& runs, const std::vector<std::string>& wanted);

}  // namespace rm::report
