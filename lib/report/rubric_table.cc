#include "lib/report/rubric_table.h"

#include <algorithm>

#include "lib/base/escape.h"
#include "lib/base/number.h"
#include "lib/report/text_lines.h"

namespace rm::report {
namespace {

constexpr std::size_t kNarrowest = 24, kWidest = 48;

std::string share(std::uint64_t n, std::uint64_t all) {
  return all == 0 ? "-" : percent(static_cast<double>(n) / static_cast<double>(all));
}

void add_types(TextLines& l, const rubric::Summary& s) {
  l.heading("task type                        count  share, 95 % interval");
  for (const rubric::Share& t : s.types) {
    std::string row = "  " + left(t.name, kNarrowest) + right(format_grouped(t.count), 12);
    row += right(share(t.count, s.rubrics), 8) + "  " + right(percent(t.interval.low), 6) + " to ";
    l.line(row + right(percent(t.interval.high), 6));
  }
}

void add_groups(TextLines& l, const rubric::Summary& s) {
  const std::size_t shown = std::min(s.groups.size(), kRubricGroups);
  std::size_t width = kNarrowest;
  for (std::size_t i = 0; i < shown; ++i) width = std::max(width, std::min(s.groups[i].name.size() + 2, kWidest));
  l.heading(left("criterion", width + 2) + "     rubrics  weighted  mean weight, 95 % interval");
  for (std::size_t i = 0; i < shown; ++i) {
    const rubric::Figure& f = s.groups[i];
    std::string row = "  " + left(escape_text(f.name, width - 5), width) + right(format_grouped(f.rubrics), 12);
    row += right(format_grouped(f.weighted), 10) + right(f.mean ? percent(*f.mean) : "-", 13);
    if (f.interval) row += "  " + right(percent(f.interval->low), 6) + " to " + right(percent(f.interval->high), 6);
    l.line(row);
  }
  if (shown < s.groups.size()) l.line("  ... and " + format_grouped(s.groups.size() - shown) + " more names (--json)");
}

}  // namespace

std::string rubric_table(const rubric::Summary& s, bool color) {
  TextLines l(color, false);
  l.line(format_grouped(s.rubrics) + (s.rubrics == 1 ? " rubric: " : " rubrics: ") + format_grouped(s.with_criteria) +
             " with criteria, " + format_grouped(s.with_solution) + " with a solution",
         "1");
  l.line("  " + format_grouped(s.weighted) + " of " + format_grouped(s.criteria) + " criteria have a weight; " +
         format_grouped(s.full) + " rubrics are weighted throughout, " + format_grouped(s.sum_to_one) +
         " of them add up to 100 %");
  add_types(l, s);
  if (!s.groups.empty()) add_groups(l, s);
  if (!s.unread.empty()) {
    l.heading("unread");
    for (const auto& [what, n] : s.unread)
      l.line("  " + left(escape_text(what, 60), kNarrowest) + right(format_grouped(n), 12));
  }
  return l.take();
}

}  // namespace rm::report
