// rm-rubric stats: records with a rubric in; task types, criteria by name and weights out.
#include <span>

#include "lib/base/atomic_file.h"
#include "lib/base/progress.h"
#include "lib/base/signals.h"
#include "lib/records/lines.h"
#include "lib/report/rubric_table.h"
#include "lib/rubric/tally.h"
#include "tools/cli/asking.h"
#include "tools/rm-rubric/verbs.h"

namespace rm::rmrubric {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  rm-rubric stats < rubrics.jsonl\n"
    "  rm-rubric stats --json -i rubrics.jsonl | jq '.groups[0]'\n";

struct Options {
  cli::Common common;
  bool json = false;
};

struct Read {
  rubric::Tally tally;
  std::uint64_t failed = 0;   // failure records of an earlier step: no rubric to count
  std::uint64_t refused = 0;  // lines that cannot be read
};

Result<Read> read(const Options& o) {
  RM_ASSIGN(records::Lines in, records::Lines::open(o.common.in));
  Read r;
  Progress progress({.quiet = o.common.quiet});
  json::Document document;
  records::Line line;
  for (std::uint64_t n = 0;;) {
    RM_ASSIGN(const bool more, in.next(line));
    if (!more) break;
    if (signals::stop_requested()) return signals::stop_error();
    progress.update(++n, r.failed + r.refused, 0, in.fraction());
    const auto record = records::parse_line(document, line, in.name());
    if (record && record->find("error")) {
      ++r.failed;
      continue;
    }
    const auto one = record ? records::rubric_of(*record) : Result<records::Rubric>(record.error());
    if (one) {
      r.tally.add(*one);
      continue;
    }
    Error e = one.error();
    if (e.where.empty()) e.where = in.name() + ":" + std::to_string(line.number);
    if (o.common.on_error == "stop") return e;
    progress.erase();
    ++r.refused;
    if (!o.common.quiet) cli::report(kProgram, e);
  }
  progress.finish();
  return r;
}

Result<Exit> run(const Options& o) {
  RM_ASSIGN(const Read r, read(o));
  const Exit end = r.failed + r.refused > 0 ? Exit::kSomeFailed : Exit::kDone;
  if (r.failed > 0 && !o.common.quiet)
    cli::warn(kProgram, std::to_string(r.failed) + " failure records have no rubric and are not counted");
  if (o.common.dry_run) return end;
  const rubric::Summary s = r.tally.summary(o.common.seed);
  const std::string json = rubric::summary_json(s);
  if (!o.common.summary.empty()) RM_TRY(write_file_atomically(o.common.summary, json + "\n"));
  const bool color = o.common.out == "-" && want_color(o.common.color, 1);
  RM_TRY(cli::put_text(o.common, o.common.in, o.json ? json : report::rubric_table(s, color)));
  return end;
}

}  // namespace

int stats(int argc, char** argv) {
  Options o;
  cli::Parser p("rm-rubric stats", "counts task types and criteria by name, and weighs them", kExamples);
  p.group("Counting").flag("--json", o.json, "One JSON object with every name, as fractions, unrounded");
  p.add(o.common);
  return cli::run_verb(p, argc, argv, [&o]() -> Result<Exit> {
    if (!o.common.map.empty()) return cli::usage("records have \"rubric\" as rm-jsonl(5) has it", "--map");
    RM_TRY(check_input(o.common));
    RM_TRY(cli::check_outputs(o.common, {}, {}));
    return run(o);
  });
}

}  // namespace rm::rmrubric
