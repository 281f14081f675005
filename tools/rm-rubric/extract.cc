// rm-rubric extract: judged records or chains in, the same with the rubric that the model wrote.
#include <array>
#include <map>
#include <optional>

#include "lib/base/atomic_file.h"
#include "lib/base/number.h"
#include "lib/records/splice.h"
#include "lib/records/traces.h"
#include "lib/rubric/rubric.h"
#include "tools/cli/report.h"
#include "tools/cli/verbs.h"
#include "tools/rm-rubric/input.h"
#include "tools/rm-rubric/verbs.h"

namespace rm::rmrubric {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  rm-judge < pairs.jsonl | rm-rubric extract > rubrics.jsonl\n"
    "  rm-rubric extract -i chains.jsonl | jq .rubric.criteria\n";

constexpr std::array<std::string_view, 2> kOwn{"rubric", "error"};

struct Options {
  cli::Common common;
  cli::Length length;
};

struct Counts {
  std::uint64_t with_criteria = 0, with_solution = 0, neither = 0;
  std::uint64_t criteria = 0, weighted = 0;
  std::map<std::string, std::uint64_t> unread;  // "weight: word" -> how many

  void add(const records::Rubric& r) {
    with_criteria += !r.criteria.empty();
    with_solution += r.criteria.empty() && !r.solution.empty();
    neither += !r.usable();
    criteria += r.criteria.size();
    for (const records::Criterion& c : r.criteria) weighted += c.weight.has_value();
    for (const records::Unread& u : r.unread) ++unread[u.what + ": " + u.reason];
  }
};

// The first trace that a judge could go by; where none is, the first.
records::Rubric rubric_of(const std::vector<std::string>& traces) {
  std::optional<records::Rubric> first;
  for (const std::string& trace : traces) {
    records::Rubric r = rubric::read_rubric(trace);
    if (r.usable()) return r;
    if (!first) first = std::move(r);
  }
  if (first) return *std::move(first);
  records::Rubric none;
  none.unread.push_back({"rubric", "no_trace", "", ""});
  return none;
}

std::string summary_json(const Passed& p, const Counts& c) {
  std::string out;
  json::Writer w(out);
  w.begin_object().member("records", p.records).member("resumed", p.resumed).member("failed", p.failed);
  w.member("skipped", p.skipped).member("with_criteria", c.with_criteria).member("with_solution", c.with_solution);
  w.member("neither", c.neither).member("criteria", c.criteria).member("weighted", c.weighted);
  w.key("unread").begin_object();
  for (const auto& [what, n] : c.unread) w.member(what, n);
  w.end_object().end_object();
  return out;
}

std::string closing_line(const Passed& p, const Counts& c) {
  std::string s = format_grouped(p.records) + (p.records == 1 ? " record: " : " records: ");
  s += format_grouped(c.with_criteria) + " with criteria, " + format_grouped(c.with_solution) + " with a solution, " +
       format_grouped(c.neither) + " with neither";
  if (c.criteria > 0)
    s += "; " + format_grouped(c.weighted) + " of " + format_grouped(c.criteria) + " criteria have a weight";
  for (const auto& [what, n] : c.unread) s += "; unread " + what + " " + format_grouped(n);
  if (p.failed > 0) s += "; " + format_grouped(p.failed) + " failed";
  if (p.skipped > 0) s += "; " + format_grouped(p.skipped) + " left out";
  return s;
}

Result<Exit> run(const Options& o) {
  RM_ASSIGN(const records::FieldMap map, records::parse_field_map(o.common.map));
  Counts counts;
  RM_ASSIGN(const Passed passed,
            each_record(o.common, o.length, kOwn,
                        [&](const records::Line& line, const json::Value& record) -> Result<std::string> {
                          RM_ASSIGN(const std::vector<std::string> traces, records::read_traces(record, map));
                          const records::Rubric r = rubric_of(traces);
                          counts.add(r);
                          std::string text;
                          json::Writer w(text);
                          records::write_rubric(w, r);
                          const std::array field{records::Field{"rubric", std::move(text)}};
                          constexpr std::array<std::string_view, 1> kStale{"error"};
                          return records::splice(line.text, field, kStale);
                        }));
  if (!o.common.summary.empty()) RM_TRY(write_file_atomically(o.common.summary, summary_json(passed, counts) + "\n"));
  if (!o.common.quiet) cli::warn(kProgram, closing_line(passed, counts));
  return passed.exit;
}

}  // namespace

int extract(int argc, char** argv) {
  Options o;
  cli::Parser p("rm-rubric extract", "reads the rubrics out of judged records or chains", kExamples);
  p.add(o.common).add(o.length);
  return cli::run_verb(p, argc, argv, [&o]() -> Result<Exit> {
    RM_TRY(check(o.common, o.length));
    return run(o);
  });
}

}  // namespace rm::rmrubric
