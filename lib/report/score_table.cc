#include "lib/report/score_table.h"

#include <algorithm>

#include "lib/base/escape.h"
#include "lib/base/number.h"

namespace rm::report {
namespace {

using bench::Figure;
using bench::Outcome;
using bench::Scores;

constexpr std::size_t kNameWidth = 44;

class Lines {
 public:
  Lines(bool color, bool partial) : color_(color), partial_(partial) {}
  void line(const std::string& text, const char* style = "") {
    const std::string marked = partial_ ? "partial  " + text : text;
    out_ += color_ && *style != '\0' ? std::string("\x1b[") + style + "m" + marked + "\x1b[0m" : marked;
    while (!color_ && out_.ends_with(' ')) out_.pop_back();
    out_ += '\n';
  }
  void heading(const std::string& text) {
    line("");
    line(text, "1");
  }
  std::string take() { return std::move(out_); }

 private:
  bool color_, partial_;
  std::string out_;
};

std::string padded(std::string text, std::size_t width, bool left = true) {
  const std::string fill(text.size() < width ? width - text.size() : 0, ' ');
  return left ? text + fill : fill + text;
}

std::string percent(double share) { return format_fixed(share * 100, 2); }

std::string row(const Figure& f) {
  std::string name = escape_text(f.name, kNameWidth - 3);
  std::string out = "  " + padded(std::move(name), kNameWidth);
  if (!f.value) return out + padded("-", 7, false);
  out += padded(percent(*f.value), 7, false);
  out += "  " + padded(percent(f.interval.low), 6, false) + " to " + padded(percent(f.interval.high), 6, false);
  return out + padded(format_grouped(f.n), 10, false);
}

void add_figures(Lines& l, const std::vector<Figure>& figures) {
  std::string group;
  for (const Figure& f : figures) {
    if (f.group != group) l.heading(f.group);
    group = f.group;
    l.line(row(f));
  }
}

void add_matrices(Lines& l, const std::vector<Scores::Matrix>& matrices) {
  for (const Scores::Matrix& m : matrices) {
    l.heading("styles, " + m.domain + " (rows: chosen; columns: rejected)");
    std::string head = padded("", 22);
    for (int c = 0; c < 3; ++c) head += padded(std::string(bench::style(c)), 20, false);
    l.line(head);
    for (int r = 0; r < 3; ++r) {
      std::string text = "  " + padded(std::string(bench::style(r)), 20);
      for (int c = 0; c < 3; ++c) {
        const Figure& f = m.cells[static_cast<std::size_t>(3 * r + c)];
        text += padded(f.value ? percent(*f.value) : "-", 20, false);
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
    if (n > 0 || outcome <= Outcome::kConflict) {
      std::string word(bench::name(outcome));
      std::replace(word.begin(), word.end(), '_', ' ');
      out += (o == 0 ? " " : ", ") + format_grouped(n) + " " + word;
    }
  }
  if (s.counts.unreadable > 0) out += ", " + format_grouped(s.counts.unreadable) + " unreadable";
  return out;
}

}  // namespace

std::string score_table(const Scores& s, bool color) {
  const bool partial = s.settings.partial && !s.missing.empty();
  Lines l(color, partial);
  std::string title = s.bench;
  for (const std::string& m : s.models) title += (&m == &s.models.front() ? ", " : " + ") + escape_text(m, 100);
  l.line(title, "1");
  l.line(counts_line(s));
  const char* rule = s.settings.unparsed == bench::Unparsed::kWrong    ? "count as wrong"
                     : s.settings.unparsed == bench::Unparsed::kChance ? "count as chance"
                                                                       : "are left out";
  l.line(std::string("  records without a verdict ") + rule + "; percent, with 95 % intervals" +
         (s.settings.upstream_bug ? "; file 3 in place of file 2, as upstream's script has it" : ""));
  l.heading("overall");
  l.line(row(s.overall), "1;32");
  for (const bench::Baseline& b : s.baselines) l.line(row(b.overall), "2");
  add_figures(l, s.figures);
  add_matrices(l, s.matrices);
  add_figures(l, s.bias);
  for (const std::string& m : s.missing) l.line("missing: " + m, "33");
  return l.take();
}

}  // namespace rm::report
