#include "lib/report/score_table.h"

#include <algorithm>

#include "lib/base/escape.h"
#include "lib/base/number.h"
#include "lib/report/text_lines.h"

namespace rm::report {
namespace {

using bench::Figure;
using bench::Outcome;
using bench::Scores;

constexpr std::size_t kStyleWidth = 20;

void add_figures(TextLines& l, const std::vector<Figure>& figures, const NameColumn& names) {
  std::string group;
  for (const Figure& f : figures) {
    if (f.group != group) l.heading(f.group);
    group = f.group;
    l.line(figure_row(f, names));
  }
}

void add_matrices(TextLines& l, const std::vector<Scores::Matrix>& matrices) {
  for (const Scores::Matrix& m : matrices) {
    l.heading("styles, " + m.domain + " (rows: chosen; columns: rejected)");
    std::string head = left("", kStyleWidth + 2);
    for (int c = 0; c < 3; ++c) head += right(std::string(bench::style(c)), kStyleWidth);
    l.line(head);
    for (std::size_t cell = 0; cell < m.cells.size(); cell += 3) {
      std::string text = "  " + left(std::string(bench::style(static_cast<int>(cell / 3))), kStyleWidth);
      for (std::size_t c = cell; c < cell + 3; ++c) {
        const Figure& f = m.cells[c];
        text += right(f.value ? percent(*f.value) : "-", kStyleWidth);
      }
      l.line(text);
    }
  }
}

std::string counts_line(const Scores& s) {
  std::string out = "  " + format_grouped(s.counts.records) + " records of " + format_grouped(s.items) + " items:";
  for (int o = 0; o < bench::kOutcomes; ++o) {
    const auto outcome = static_cast<Outcome>(o);
    const std::uint64_t n = s.counts.of(outcome);
    if (n == 0 && outcome > Outcome::kConflict) continue;
    std::string word(bench::name(outcome));
    std::replace(word.begin(), word.end(), '_', ' ');
    out += (o == 0 ? " " : ", ") + format_grouped(n) + " " + word;
  }
  if (s.counts.unreadable > 0) out += ", " + format_grouped(s.counts.unreadable) + " unreadable";
  return out;
}

std::string rule_line(const Scores& s) {
  const char* rule = s.settings.unparsed == bench::Unparsed::kWrong    ? "count as wrong"
                     : s.settings.unparsed == bench::Unparsed::kChance ? "count as chance"
                                                                       : "are left out";
  return std::string("  records without a verdict ") + rule + "; percent, with 95 % intervals" +
         (s.settings.upstream_bug ? "; file 3 in place of file 2, as upstream's script has it" : "");
}

}  // namespace

std::string score_table(const Scores& s, bool color) {
  TextLines l(color, s.partial());
  NameColumn names;
  names.fit(s.figures);
  std::string title = s.bench;
  for (const std::string& m : s.models) title += (&m == &s.models.front() ? ", " : " + ") + escape_text(m, 100);
  l.line(title, "1");
  l.line(counts_line(s));
  l.line(rule_line(s));
  l.heading("overall");
  l.line(figure_row(s.overall, names), "1;32");
  for (const bench::Baseline& b : s.baselines) l.line(figure_row(b.overall, names), "2");
  add_figures(l, s.figures, names);
  add_matrices(l, s.matrices);
  add_figures(l, s.bias, names);
  for (const std::string& m : s.missing) l.line("missing: " + m, "33");
  return l.take();
}

}  // namespace rm::report
