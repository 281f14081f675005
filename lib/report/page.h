// A report as one HTML file that needs nothing else: scores, heat maps, bias, calibration, comparisons, and a browser of the
// judgments.
//
// What records say reaches the page as escaped text (html.h) or packed (browse.h), and a policy in the page forbids scripts
// other than its own and any connection. Without scripts everything but the browser still shows. One thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/bench/compare.h"
#include "lib/bench/scores.h"
#include "lib/report/browse.h"

namespace rm::report {

struct ScoredRun {
  std::string name;
  bench::Scores scores;
};

// One benchmark: its runs, and how each but the first compares with the first.
struct BenchReport {
  std::vector<ScoredRun> runs;
  std::vector<bench::Comparison> comparisons;
};

// Line by line to `out`, whose errors come back.
Result<void> write_page(const std::vector<BenchReport>& benches, Browse& browse,
                        const std::function<Result<void>(std::string_view line)>& out);

}  // namespace rm::report
