// Which answers to compare next when N of them are to be ranked within a number of calls.
//
// Where the budget holds every pair once, that is what is played (round robin, all known at once). Below that: a knockout
// finds the likely best, then Swiss rounds compare neighbours in the standing that have not met, until the budget is spent.
// The order depends on the seed and the results alone, never on when they came back. Plain state; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "lib/stats/bradley_terry.h"

namespace rm::judge {

struct Match {
  std::size_t first = 0, second = 0;
};

class Schedule {
 public:
  // `answers` >= 2. `budget` in matches: 0 means every pair once; less than answers - 1 is raised to that.
  Schedule(std::size_t answers, std::int64_t budget, std::uint64_t seed);

  std::vector<Match> next();  // the matches that can be played now, each once; empty: results are awaited, or done()
  // The outcome for `first`: 1, 0.5, 0, or empty where no verdict came (counts as played, tells nothing).
  void result(const Match& m, std::optional<double> score);
  bool done() const;
  std::int64_t played() const;

  const std::vector<stats::Game>& games() const;  // those with an outcome

  // True where the budget holds every pair, so that next() gives all matches at once.
  static bool complete(std::size_t answers, std::int64_t budget);

 private:
  // (yours)
};

}  // namespace rm::judge
