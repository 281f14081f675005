// Criteria as rows of a table: | Criterion | Weight | Description |, with or without the outer bars. Internal to criteria.
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
  void read(const std::vector<std::string_view>& cells, Ledger& to);
  std::vector<std::string> head_;  // lower case
};

}  // namespace rm::rubric
