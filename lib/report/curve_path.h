// A column of metrics as something to draw: smoothed, and as the path of an SVG that has no more points than one can see.
// Pure functions, linear.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "lib/metrics/columns.h"
#include "lib/report/axis.h"

namespace rm::report {

struct Box {
  double left = 0, top = 0, width = 0, height = 0;
};

// At each value the mean of those before and behind it, with weights that halve every `half` values away from it. It does not
// lag; gaps stay gaps and weigh nothing. `half` 0: the values.
std::vector<metrics::Point> smoothed(const std::vector<metrics::Point>& points, double half);

// Where a point stands in the box, as "12.5 40".
std::string place_of(const metrics::Point& p, const Axis& x, const Axis& y, const Box& box);

// The d of a path. Of the points in one pixel's width the first, the last, the least and the greatest are kept, so a spike of
// one step is as high as it was. A gap breaks the line; a point alone between gaps is a line of no length, which round ends
// make a dot.
std::string path_of(const std::vector<metrics::Point>& points, const Axis& x, const Axis& y, const Box& box);

// Points to mark, the last one always among them: all that are finite, or so many of them, evenly.
std::vector<metrics::Point> to_mark(const std::vector<metrics::Point>& points, std::size_t most);

std::string coordinate(double v);  // one decimal at most

}  // namespace rm::report
