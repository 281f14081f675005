// The metrics of training runs as line charts: one SVG that needs nothing else, without scripts.
//
// Panels for loss, verdicts of validation, learning rate, gradients and so on, with the same steps along each. Light or dark as
// the reader's system is; in a narrow window panels stand in one column. What is drawn also stands as text in its description.
// Names are escaped here. Pure functions, any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/metrics/columns.h"

namespace rm::report {

struct CurveRun {
  std::string name;
  metrics::Columns columns;
};

struct CurveOptions {
  std::vector<std::string> metrics;  // panels that hold one of these; empty: the usual ones
  std::optional<std::int64_t>
      smooth;  // values in which the weight of a smoothed line halves; 0: no such line; empty: by length
};

// Runs of one panel in their own colours. Exit::kInput, reason "no_metric", where there is nothing to draw or a metric is not
// there; the message names those that are.
Result<std::string> curves_svg(const std::vector<CurveRun>& runs, const CurveOptions& o);

// The first panel for a terminal `columns` wide, in Braille dots, with the last values. Ends in a newline.
Result<std::string> curves_text(const std::vector<CurveRun>& runs, const CurveOptions& o, int columns, bool color);

}  // namespace rm::report
