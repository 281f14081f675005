// The published figures of a benchmark from collected records, each with its interval: what tables, JSON and pages show.
//
// Aggregation is the benchmarks' own (rules.h). An interval is Wilson's where every item has one record and each counts
// alike; else a seeded bootstrap by item (stats/bootstrap). Plain data, computed once by score().
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/bench/tally.h"
#include "lib/stats/wilson.h"

namespace rm::bench {

enum class Unparsed { kWrong, kChance, kDrop };  // how records without a verdict count

struct Settings {
  Unparsed unparsed = Unparsed::kWrong;
  bool partial = false;
  bool upstream_bug = false;  // RM-Bench: its final script reads file 3 in place of file 2
  std::uint64_t seed = 0;
  int resamples = 2000;
};

// A share of right answers, or another share; empty where nothing was there to count.
struct Figure {
  std::string group, name;  // group: overall, section, subset, domain, level, part, cell, ...
  std::optional<double> value;
  stats::Interval interval;
  std::string method;   // wilson, bootstrap
  std::uint64_t n = 0;  // records, or items where a whole item is right or wrong
};

// A judge that reads nothing, scored by the same rules.
struct Baseline {
  std::string name;
  Figure overall;
};

struct Scores {
  std::string bench;
  std::int64_t version = 0;
  std::vector<std::string> models;
  Settings settings;
  std::vector<std::string> missing;  // of a partial run
  std::uint64_t items = 0;
  Counts counts;

  Figure overall;
  std::vector<Figure> figures;  // all groups, in the order in which they are shown
  // RM-Bench: by domain (the last is "all"), chosen style by rejected style.
  struct Matrix {
    std::string domain;
    std::array<Figure, 9> cells;
  };
  std::vector<Matrix> matrices;
  std::vector<Baseline> baselines;
  std::vector<Figure> bias;  // consistency, position, length, markdown, length-controlled accuracy
  std::array<Bin, 10> calibration{};
  bool partial() const { return !missing.empty(); }
};

// The tally must have passed check(). Errors: Exit::kInput, reason "no_records", where nothing can be scored.
Result<Scores> score(Tally& tally, const Settings& s);

// All of it as one JSON object, one line: fractions, unrounded.
std::string scores_json(const Scores& s);

}  // namespace rm::bench
