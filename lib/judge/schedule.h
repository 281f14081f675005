// Which answers to compare next when N of them are to be ranked within a number of calls.
//
// Where the budget holds every pair once, that is what is played, all known at once. Below that the matches come in rounds,
// each chosen from the Bradley-Terry posterior of what has come back: the pair, among those that have not met, whose order is
// most in doubt and least measured, then the next one as if that match had been played, and so on. So the first round, of
// N / 2, is random disjoint pairs; later ones, of N / 4, resemble Swiss rounds in which a close pair may take the place of a
// second look at a settled one. Larger rounds rank a little worse, single matches a little better.
// No pair meets twice: a judge asked again at temperature 0 repeats itself.
//
// tests/oracle/ranking_probe.cc measures it: with 16 answers the order comes within 0.05 of round robin's Kendall tau for 3 N
// calls where the judge is right in 9 pairs of 10, for 4 N at 83 %, for about 5 N at 73 %. Swiss rounds, with or without a
// knockout before them, ordered worse at every noise tried (73 to 95 %); only the single best answer they find somewhat
// oftener, where the judge is right in 73 % and nothing within 3 N calls finds it in half the trials.
//
// The order depends on the seed and the results alone, never on when they came back. Memory N^2 and time N^3 a round: meant
// for some hundreds of answers. Plain state; one thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "lib/stats/bradley_terry.h"

namespace rm::judge {

struct Match {
  std::size_t first = 0, second = 0;  // every answer is first about as often as second
  bool operator==(const Match&) const = default;
};

class Schedule {
 public:
  // `answers` >= 2, else there is nothing to play. `budget` in matches: 0 means every pair once, as does more than that; less
  // than answers - 1 is raised to that.
  Schedule(std::size_t answers, std::int64_t budget, std::uint64_t seed);

  std::vector<Match> next();  // the matches that can be played now, each once; empty: results are awaited, or done()
  // The outcome for `first`: 1, 0.5, 0 or between, or empty where no verdict came (counts as played, tells nothing; so does a
  // number that is no outcome). A match that is not awaited is ignored; `m` may name the two either way round.
  void result(const Match& m, std::optional<double> score);
  bool done() const { return played_ == budget_; }
  std::int64_t played() const { return played_; }

  const std::vector<stats::Game>& games() const { return games_; }  // those with an outcome, as they came

  // True where the budget holds every pair, so that next() gives all matches at once.
  static bool complete(std::size_t answers, std::int64_t budget);

 private:
  enum class Met : char { kNo, kAwaited, kPlayed };
  Met& met(std::size_t a, std::size_t b);
  Match ask(std::size_t first, std::size_t second);
  std::vector<Match> every_pair();
  std::vector<Match> round(std::size_t size);

  std::size_t answers_;
  std::int64_t budget_, played_ = 0, awaited_ = 0;
  std::vector<std::size_t> shuffled_;  // ties are settled in this order
  std::vector<int> lead_;              // how often each was first, less how often second
  std::vector<Met> met_;
  std::vector<stats::Game> games_;
};

}  // namespace rm::judge
