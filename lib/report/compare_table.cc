#include "lib/report/compare_table.h"

#include "lib/base/escape.h"
#include "lib/base/number.h"
#include "lib/report/text_lines.h"

namespace rm::report {
namespace {

using bench::Comparison;

void add_table(TextLines& l, const Comparison& c) {
  l.heading("records (rows: first; columns: second)");
  std::string head = left("", 16);
  for (std::size_t y = 0; y < bench::kCategories; ++y) head += right(std::string(bench::category_name(y)), 14);
  l.line(head);
  for (std::size_t x = 0; x < bench::kCategories; ++x) {
    std::string text = "  " + left(std::string(bench::category_name(x)), 14);
    for (std::size_t y = 0; y < bench::kCategories; ++y)
      text += right(format_grouped(c.table[x * bench::kCategories + y]), 14);
    l.line(text);
  }
}

void add(TextLines& l, const Comparison& c, bool several) {
  NameColumn names;
  names.fit(c.groups);
  l.line("first: " + escape_text(c.first, 100), "1");
  l.line("second: " + escape_text(c.second, 100), "1");
  bench::Figure first = c.of_first, second = c.of_second, difference = c.difference;
  first.name = "first", second.name = "second", difference.name = "difference, paired";
  l.heading("overall (percent, with 95 % intervals)");
  l.line(figure_row(first, names));
  l.line(figure_row(second, names));
  l.line(figure_row(difference, names), "1;32");
  add_table(l, c);
  l.line("");
  l.line("  right in the first alone " + format_grouped(c.only_first) + ", in the second alone " +
         format_grouped(c.only_second) + ": McNemar's exact p " + p_value(c.p) +
         (several ? ", corrected for all comparisons " + p_value(c.p_holm) : ""));
  bench::Figure kappa = c.kappa;
  kappa.name = "kappa x 100";
  l.line(figure_row(c.agreement, names));
  l.line(figure_row(kappa, names));
  std::string group;
  for (const bench::Figure& f : c.groups) {
    if (f.group != group) l.heading("difference by " + f.group);
    group = f.group;
    l.line(figure_row(f, names));
  }
}

}  // namespace

std::string compare_table(const std::vector<Comparison>& all, bool color, bool partial) {
  TextLines l(color, partial);
  for (const Comparison& c : all) {
    if (&c != &all.front()) l.line("");
    add(l, c, all.size() > 1);
  }
  return l.take();
}

}  // namespace rm::report
