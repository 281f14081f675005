// Lines of a text report: bold headings, padded columns, a mark on every line of a partial run. Internal to the tables.
#pragma once

#include <string>
#include <vector>

#include "lib/bench/scores.h"

namespace rm::report {

class TextLines {
 public:
  TextLines(bool color, bool partial) : color_(color), partial_(partial) {}
  void line(const std::string& text, const char* style = "");
  void heading(const std::string& text);  // after an empty line
  std::string take() { return std::move(out_); }

 private:
  bool color_, partial_;
  std::string out_;
};

// Columns for the names of figures: enough for the longest, within reason.
class NameColumn {
 public:
  void fit(const std::vector<bench::Figure>& figures);
  std::size_t width() const { return width_; }

 private:
  std::size_t width_ = 44;
};

std::string left(const std::string& text, std::size_t width);
std::string right(const std::string& text, std::size_t width);
std::string percent(double share);
std::string p_value(double p);  // four decimals, or the power of ten
// "name   12.34   11.00 to 13.00   1,234"
std::string figure_row(const bench::Figure& f, const NameColumn& names);

}  // namespace rm::report
