// Criteria as rows of a table: | Criterion | Weight | Description |, with or without the outer bars, or with tabs or several blanks
// in their place. Internal to criteria.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "lib/rubric/ledger.h"

namespace rm::rubric {

class Table {
 public:
  // True when the line is a row (or the rule under the head) and was dealt with. Any other line ends the table.
  bool row(std::string_view line, Ledger& to);

 private:
  bool row_by_blanks(std::string_view line, Ledger& to);
  void read(const std::vector<std::string_view>& cells, Ledger& to);
  std::vector<std::string> head_;  // lower case
  bool by_blanks_ = false;         // columns stand apart by tabs or several blanks
};

}  // namespace rm::rubric
