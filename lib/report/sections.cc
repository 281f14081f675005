#include "lib/report/sections.h"

#include <algorithm>
#include <cmath>

#include "lib/base/number.h"
#include "lib/report/chart.h"
#include "lib/report/html.h"
#include "lib/report/text_lines.h"

namespace rm::report {
namespace {

using bench::Figure;
using bench::Outcome;
using bench::Scores;

constexpr std::size_t kFolded = 14;  // longer charts start closed

std::string heading(const std::string& text) { return "<h3>" + html_text(text) + "</h3>\n"; }

std::string folded(const std::string& what, std::size_t rows, const std::string& inside) {
  if (rows <= kFolded) return inside;
  return "<details class=\"long\"><summary>" + html_text(what) + " (" + std::to_string(rows) + ")</summary>\n" +
         inside + "</details>\n";
}

std::string outcome_word(Outcome o) {
  std::string word(bench::name(o));
  std::replace(word.begin(), word.end(), '_', ' ');
  return word;
}

// What came of the records, as one bar and in words.
std::string outcomes(const Scores& s) {
  std::string bar, words;
  double at = 0;
  const auto all = static_cast<double>(std::max<std::uint64_t>(1, s.counts.records));
  for (int o = 0; o < bench::kOutcomes; ++o) {
    const std::uint64_t n = s.counts.of(static_cast<Outcome>(o));
    if (n == 0) continue;
    const double share = static_cast<double>(n) / all;
    const std::string name = "outcome-" + std::to_string(o), word = outcome_word(static_cast<Outcome>(o));
    bar += "<rect class=\"" + name + "\" x=\"" + format_fixed(100 * at, 3) + "%\" width=\"" +
           format_fixed(100 * share, 3) + "%\" height=\"100%\"/>";
    words += "<li class=\"" + name + "\">" + format_grouped(n) + " " + word + "</li>";
    at += share;
  }
  if (s.counts.unreadable > 0)
    words += "<li>" + format_grouped(s.counts.unreadable) +
             (s.counts.unreadable == 1 ? " line unreadable</li>" : " lines unreadable</li>");
  return "<svg class=\"outcomes\" aria-hidden=\"true\">" + bar + "</svg><ul class=\"outcome-words\">" + words + "</ul>";
}

std::string tile(const ScoredRun& run, std::size_t number, bool several) {
  const Scores& s = run.scores;
  std::string out = "<div class=\"tile\">";
  if (several)
    out += "<p class=\"tile-name mark-" + std::to_string(number % 6) + "\"><i></i>" + html_text(run.name) + "</p>";
  out += "<p class=\"big\">" + (s.overall.value ? percent(*s.overall.value) : "–") + "<small> %" +
         (s.partial() ? " of a part" : "") + "</small></p>";
  if (s.overall.value) {
    out += "<p class=\"range-words\">" + percent(s.overall.interval.low) + " to " + percent(s.overall.interval.high) +
           " <span>(95 %, " + html_text(s.overall.method) + ")</span></p>";
  }
  out += "<p class=\"about\">" + format_grouped(s.counts.records) + " records of " + format_grouped(s.items) + " items";
  for (const std::string& m : s.models) out += (&m == &s.models.front() ? " by " : " + ") + html_text(m);
  return out + "</p>" + outcomes(s) + "</div>\n";
}

// The same figure in every run; runs without it have none.
class Rows {
 public:
  explicit Rows(std::size_t runs) : runs_(runs) {}
  void add(const Figure& f, std::size_t run, bool quiet = false) {
    auto row = std::ranges::find_if(rows_, [&](const ChartRow& r) { return r.name == f.name; });
    if (row == rows_.end()) {
      rows_.push_back({f.name, std::vector<const Figure*>(runs_, nullptr), quiet});
      row = rows_.end() - 1;
    }
    row->figures[run] = &f;
  }
  const std::vector<ChartRow>& rows() const { return rows_; }
  bool empty() const { return rows_.empty(); }

 private:
  std::size_t runs_;
  std::vector<ChartRow> rows_;
};

std::vector<std::string> names_of(const BenchReport& b) {
  std::vector<std::string> out;
  for (const ScoredRun& r : b.runs) out.push_back(r.name);
  return out;
}

std::string overall_chart(const BenchReport& b, const std::vector<std::string>& names) {
  Rows rows(b.runs.size());
  std::vector<Figure> renamed;  // pointers into it: sized first
  renamed.reserve(b.runs.size());
  for (std::size_t i = 0; i < b.runs.size(); ++i) {
    renamed.push_back(b.runs[i].scores.overall);
    renamed.back().name = "the judge";
    rows.add(renamed.back(), i);
  }
  for (std::size_t i = 0; i < b.runs.size(); ++i)
    for (const bench::Baseline& base : b.runs[i].scores.baselines) rows.add(base.overall, i, true);
  return interval_chart({"Overall, beside judges that read nothing", names}, rows.rows());
}

std::string group_charts(const BenchReport& b, const std::vector<std::string>& names) {
  std::vector<std::string> groups;
  for (const ScoredRun& r : b.runs)
    for (const Figure& f : r.scores.figures)
      if (std::ranges::find(groups, f.group) == groups.end()) groups.push_back(f.group);
  std::string out;
  for (const std::string& group : groups) {
    Rows rows(b.runs.size());
    for (std::size_t i = 0; i < b.runs.size(); ++i)
      for (const Figure& f : b.runs[i].scores.figures)
        if (f.group == group) rows.add(f, i);
    out += folded("By " + group, rows.rows().size(), interval_chart({"By " + group, names}, rows.rows()));
  }
  return out;
}

std::string heat_maps(const BenchReport& b) {
  std::string out;
  for (const ScoredRun& r : b.runs) {
    const std::size_t n = r.scores.matrices.size();
    for (const bench::Scores::Matrix& m : r.scores.matrices) {
      if (n == 2 && m.domain == "all") continue;  // one domain: the same twice
      if (std::ranges::none_of(m.cells, [](const Figure& f) { return f.value.has_value(); })) continue;
      out += heat_map(m.domain + (b.runs.size() > 1 ? ", " + r.name : ""), m);
    }
  }
  if (out.empty()) return out;
  return heading("Styles") +
         "<p class=\"said\">Share right, by the style of the chosen answer and that of the rejected one. "
         "Above the diagonal the rejected answer is the more elaborate: hard; below it: easy.</p>\n<div "
         "class=\"heats\">" +
         out + "</div>\n";
}

std::string bias_chart(const BenchReport& b, const std::vector<std::string>& names) {
  Rows rows(b.runs.size());
  for (std::size_t i = 0; i < b.runs.size(); ++i)
    for (const Figure& f : b.runs[i].scores.bias) rows.add(f, i);
  if (rows.empty()) return {};
  return heading("What the judge leans on") + interval_chart({"Order, length and markdown", names}, rows.rows());
}

std::string calibration(const BenchReport& b, const std::vector<std::string>& names) {
  std::vector<const std::array<bench::Bin, 10>*> bins;
  for (const ScoredRun& r : b.runs) bins.push_back(&r.scores.calibration);
  const std::string chart = calibration_chart(names, bins);
  return chart.empty() ? chart : heading("Calibration of confidence") + chart;
}

std::string agreement_table(const bench::Comparison& c) {
  std::string out =
      "<div class=\"scroll\"><table class=\"plain\"><caption>Records: the first run's outcome by the "
      "second's</caption><thead><tr><td></td>";
  for (std::size_t y = 0; y < bench::kCategories; ++y)
    out += "<th scope=\"col\">" + html_text(bench::category_name(y)) + "</th>";
  out += "</tr></thead><tbody>";
  for (std::size_t x = 0; x < bench::kCategories; ++x) {
    out += "<tr><th scope=\"row\">" + html_text(bench::category_name(x)) + "</th>";
    for (std::size_t y = 0; y < bench::kCategories; ++y) {
      out += std::string("<td class=\"number") + (x == y ? " same" : "") + "\">" +
             format_grouped(c.table[x * bench::kCategories + y]) + "</td>";
    }
    out += "</tr>";
  }
  return out + "</tbody></table></div>\n";
}

std::string comparison(const bench::Comparison& c, const std::string& first, const std::string& second, bool several) {
  std::vector<ChartRow> rows;
  Figure difference = c.difference;
  difference.name = "overall";
  rows.push_back({difference.name, {&difference}});
  double far = 0;
  const auto reach = [&far](const Figure& f) {
    if (f.value) far = std::max({far, std::abs(f.interval.low), std::abs(f.interval.high)});
  };
  reach(difference);
  for (const Figure& f : c.groups) {
    if (!f.value) continue;
    rows.push_back({f.group == f.name ? f.name : f.group + " " + f.name, {&f}});
    reach(f);
  }
  const double edge = std::min(1.0, std::max(0.1, std::ceil(far * 10) / 10));
  ChartStyle style{"Difference in points: " + second + " less " + first + ", paired", {second}, -edge, edge, 0, true};
  std::string out = heading(second + " against " + first);
  out += "<p class=\"said\">Right in <b>" + html_text(first) + "</b> alone: " + format_grouped(c.only_first) +
         " records; in <b>" + html_text(second) + "</b> alone: " + format_grouped(c.only_second) +
         ". McNemar’s exact p: <b>" + p_value(c.p) + "</b>";
  if (several) out += "; corrected for all comparisons (Holm): <b>" + p_value(c.p_holm) + "</b>";
  out += ". ";
  if (c.agreement.value) out += "The same outcome in " + percent(*c.agreement.value) + " % of the records";
  if (c.kappa.value) out += "; Cohen’s kappa " + format_fixed(*c.kappa.value, 3);
  out += ".</p>\n";
  out += folded("Differences", rows.size(), interval_chart(style, rows));
  return out + agreement_table(c);
}

std::string partial_note(const BenchReport& b) {
  std::string out;
  for (const ScoredRun& r : b.runs) {
    if (!r.scores.partial()) continue;
    out += "<div class=\"partial\" role=\"note\"><b>Partial" +
           (b.runs.size() > 1 ? ": " + html_text(r.name) : std::string()) +
           ".</b> Not every item of the benchmark is here; figures are of what is.<details><summary>What is "
           "missing</summary><ul>";
    for (const std::string& m : r.scores.missing) out += "<li>" + html_text(m) + "</li>";
    out += "</ul></details></div>\n";
  }
  return out;
}

}  // namespace

std::string bench_section(const BenchReport& b, std::size_t number) {
  const std::vector<std::string> names = names_of(b);
  const Scores& first = b.runs.front().scores;
  std::string out = "<section class=\"bench\" id=\"bench-" + std::to_string(number) + "\">\n<h2>" +
                    html_text(first.bench) + "</h2>\n";
  out += partial_note(b) + "<div class=\"tiles\">";
  for (std::size_t i = 0; i < b.runs.size(); ++i) out += tile(b.runs[i], i, b.runs.size() > 1);
  out += "</div>\n" + overall_chart(b, names) + group_charts(b, names) + heat_maps(b) + bias_chart(b, names) +
         calibration(b, names);
  for (std::size_t i = 0; i < b.comparisons.size(); ++i)
    out += comparison(b.comparisons[i], names[0], names[i + 1], b.comparisons.size() > 1);
  const auto& s = first.settings;
  out += "<p class=\"rule\">Records without a verdict ";
  out += s.unparsed == bench::Unparsed::kWrong    ? "count as wrong"
         : s.unparsed == bench::Unparsed::kChance ? "count as chance"
                                                  : "are left out";
  out += s.upstream_bug ? "; file 3 in place of file 2, as upstream’s script has it" : "";
  return out + ". Intervals are 95 %: Wilson’s for plain rates, a bootstrap by item (seed " + std::to_string(s.seed) +
         ") for means of means.</p>\n</section>\n";
}

}  // namespace rm::report
