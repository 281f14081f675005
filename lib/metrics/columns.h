// Reads the metrics of a run, its own or another trainer's, as columns: for each name the steps at which it was told and the
// values.
//
// A line is a flat object with a whole "step" from 0 and numbers or nulls (not-a-number: a gap). Training and validation
// lines come in any mixture, and any names are taken. A file that is still being written may end in a torn line. Where steps
// go back (a run that was continued without its file being cut), what was told later holds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace rm::metrics {

inline constexpr std::size_t kMostNames = 1000;  // in one file

struct Point {
  std::int64_t step = 0;
  double value = 0;  // NaN: told, but not finite
  bool operator==(const Point&) const = default;
};

struct Column {
  std::string name;
  std::vector<Point> points;  // steps strictly increase
};

struct Columns {
  std::vector<Column> columns;  // in the order in which names came
  std::uint64_t lines = 0;      // that were read
  bool torn = false;            // the last line was not whole, and left out

  const Column* find(std::string_view name) const;  // null where there is none
};

// "-" is standard input; zstd and gzip are known by their first bytes. Exit::kInput. A line that cannot be read goes to `bad`
// with file:line, and is left out where that returns; without `bad` it ends the reading.
using Bad = std::function<Result<void>(const Error&)>;
Result<Columns> read_columns(const std::string& path, const Bad& bad = {});

}  // namespace rm::metrics
