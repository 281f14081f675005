// Reads a mini-batch of GRPO a line from standard input (tests/lib/rl/mini_batch.h) and writes what lib/rl makes of it, one JSON
// object a line: the other side of goldens/grpo.py. A line it cannot read ends it with 3.
#include <iostream>
#include <string>

#include "tests/lib/rl/mini_batch.h"

int main() {
  std::ios::sync_with_stdio(false);
  rm::json::Document document;
  for (std::string line, out; std::getline(std::cin, line);) {
    const auto row = document.parse(line);
    if (!row || !row->find("groups")) {
      std::cerr << "grpo_probe: " << (row ? "no groups" : row.error().text()) << '\n';
      return 3;
    }
    const rm::rl::Outcome o = rm::rl::outcome_of(rm::rl::read_mini_batch(*row));
    out.clear();
    rm::json::Writer w(out);
    const auto write = [&w](const char* key, const std::vector<std::vector<double>>& rows) {
      w.key(key).begin_array();
      for (const auto& each : rows) {
        w.begin_array();
        for (const double x : each) w.value(x);
        w.end_array();
      }
      w.end_array();
    };
    w.begin_object();
    write("advantages", o.advantages);
    w.key("flat").begin_array();
    for (const bool flat : o.flat) w.value(flat);
    w.end_array().member("loss", o.loss).member("strays", o.strays);
    write("gradient", o.gradient);
    w.end_object();
    std::cout << out << '\n';
  }
  return 0;
}
