// Charts as HTML with inline SVG: rows of values with intervals, a heat map, a calibration curve. No scripts.
//
// Every number that is drawn also stands as text beside it, so a chart says the same to a screen reader. Positions inside a
// row are percentages: rows fit any width and letters keep their size. Colours are classes of report.css: mark-0, mark-1, ...
// by run. Pure functions; text is escaped here.
#pragma once

#include <string>
#include <vector>

#include "lib/bench/scores.h"

namespace rm::report {

struct ChartRow {
  std::string name;
  std::vector<const bench::Figure*> figures;  // one a run; null or without a value: nothing to draw
  bool quiet = false;                         // drawn paler: something to compare with
};

struct ChartStyle {
  std::string caption;
  std::vector<std::string> runs;  // named at each row where there are several
  double low = 0, high = 1;       // what the width stands for
  double middle = 0.5;            // a stronger line; outside: none
  bool difference = false;        // signed
};

std::string interval_chart(const ChartStyle& style, const std::vector<ChartRow>& rows);

// Chosen style by rejected style, 3 x 3.
std::string heat_map(const std::string& caption, const bench::Scores::Matrix& m);

// Share right by confidence, one curve a run, with Wilson intervals; empty where no run has a confidence.
std::string calibration_chart(const std::vector<std::string>& runs,
                              const std::vector<const std::array<bench::Bin, 10>*>& bins);

// The mean distance of confidence and share right, weighted by records (M. P. Naeini et al., Obtaining well calibrated
// probabilities using Bayesian binning, AAAI 2015). Empty without records.
std::optional<double> calibration_error(const std::array<bench::Bin, 10>& bins);

}  // namespace rm::report
