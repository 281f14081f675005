// rm-eval report: judged records in, one HTML file out.
#include <algorithm>
#include <memory>

#include "lib/base/atomic_file.h"
#include "lib/base/fd.h"
#include "lib/base/json.h"
#include "lib/base/progress.h"
#include "lib/base/signals.h"
#include "lib/records/lines.h"
#include "lib/records/writer.h"
#include "lib/report/page.h"
#include "tools/cli/asking.h"
#include "tools/cli/report.h"
#include "tools/cli/run_names.h"
#include "tools/rm-eval/judged_files.h"
#include "tools/rm-eval/verbs.h"

namespace rm::rmeval {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  rm-eval report judged.jsonl -o report.html\n"
    "  rm-eval report base.jsonl sft.jsonl rl.jsonl -o runs.html     # the others against the first\n"
    "  rm-eval prepare rm-bench chat.json ... | rm-judge | rm-eval report --partial -o report.html\n";

struct Options {
  cli::Common common;
  Scoring scoring;
  std::vector<std::string> files;
  std::int64_t browse = 20'000;
  records::FieldMap map;
};

struct Run {
  std::string name;
  bench::Tally tally;
};

Result<void> interpret(Options& o) {
  RM_TRY(cli::choose_inputs(o.common, "name judged files, or pipe them in (--help shows how)", o.files));
  if (std::ranges::count(o.files, "-") > 1) return usage("standard input can be read only once", "-");
  const auto out = fd::kind(1, "");
  if (o.common.out == "-" && out && out->terminal && !o.common.dry_run)
    return usage("would write a page to the terminal: give a file", "-o");
  RM_ASSIGN(o.map, records::parse_field_map(o.common.map));
  return {};
}

class Reader {
 public:
  Reader(const Options& o, report::Browse& browse) : o_(o), browse_(browse), progress_({.quiet = o.common.quiet}) {}

  Result<void> read(const std::string& file, Run& run) {
    if (!o_.scoring.expect.empty()) RM_TRY(expect_items(o_.scoring.expect, run.tally));
    const std::size_t number = browse_.add_run(run.name);
    RM_ASSIGN(records::Lines in, records::Lines::open(file));
    records::Line line;
    for (;;) {
      RM_ASSIGN(const bool more, in.next(line));
      if (!more) break;
      if (signals::stop_requested()) return signals::stop_error();
      RM_TRY(one(line, in.name(), number, run.tally));
      progress_.update(++done_, unreadable_.count(), 0, in.fraction());
    }
    progress_.finish();
    return {};
  }

 private:
  Result<void> one(const records::Line& line, const std::string& name, std::size_t run, bench::Tally& tally) {
    records::Judged judged;
    auto value = records::parse_line(document_, line, name);
    const bench::Where where{name, line.number};
    if (!value) return unreadable_.pass(value.error(), where, true, tally, progress_);
    auto read = reader_.read(line.text, judged);
    const Result<void> added = read ? tally.add(judged, where) : Result<void>(read.error());
    if (!added) return unreadable_.pass(added.error(), where, false, tally, progress_);
    browse_.add(run, judged, bench::row_of(judged).outcome, *value, o_.map);
    reader_.forget();
    return {};
  }

  const Options& o_;
  report::Browse& browse_;
  Progress progress_;
  Unreadable unreadable_{o_.common.on_error == "stop", o_.common.quiet};
  records::JudgedReader reader_;
  json::Document document_;
  std::uint64_t done_ = 0;
};

// Runs of one benchmark together, in the order in which the benchmarks came.
Result<std::vector<report::BenchReport>> reports(std::vector<std::unique_ptr<Run>>& runs,
                                                 const bench::Settings& settings) {
  std::vector<report::BenchReport> out;
  std::vector<std::vector<Run*>> groups;
  for (auto& run : runs) {
    if (run->tally.rules() == nullptr)
      return make_error(Exit::kInput, "no_records", "no judged records of a benchmark were found", run->name);
    auto group = std::ranges::find_if(
        groups, [&](const std::vector<Run*>& g) { return g.front()->tally.rules() == run->tally.rules(); });
    if (group == groups.end()) group = groups.insert(group, std::vector<Run*>());
    group->push_back(run.get());
  }
  for (const std::vector<Run*>& group : groups) {
    report::BenchReport& b = out.emplace_back();
    for (Run* run : group) {
      bench::Settings own = settings;
      own.upstream_bug = settings.upstream_bug && run->tally.rules()->kind == bench::Kind::kRmBench;
      RM_ASSIGN(bench::Scores scores, bench::score(run->tally, own));
      b.runs.push_back({run->name, std::move(scores)});
      if (run == group.front()) continue;
      auto compared = bench::compare(group.front()->tally, run->tally, own);
      if (!compared)
        return make_error(compared.error().exit, compared.error().reason, compared.error().message, run->name);
      b.comparisons.push_back(*std::move(compared));
    }
    bench::correct_for_number(b.comparisons);
  }
  return out;
}

std::string summary(const std::vector<report::BenchReport>& benches, const report::Browse& browse) {
  std::string out;
  json::Writer w(out);
  w.begin_object().member("browsable", browse.kept()).member("left_out", browse.left_out()).key("runs").begin_array();
  for (const report::BenchReport& b : benches) {
    for (const report::ScoredRun& r : b.runs)
      w.begin_object()
          .member("name", std::string_view(r.name))
          .key("scores")
          .raw(bench::scores_json(r.scores))
          .end_object();
  }
  w.end_array().end_object();
  return out;
}

// A file appears whole or not at all; a pipe gets what there is.
Result<void> put(const Options& o, const std::vector<report::BenchReport>& benches, report::Browse& browse) {
  if (o.common.out == "-") {
    RM_ASSIGN(auto out, records::Writer::open("-", {.input = o.files.front()}));
    RM_TRY(report::write_page(benches, browse, [&](std::string_view line) { return out.write(line); }));
    return out.close();
  }
  for (const std::string& f : o.files) RM_TRY(records::refuse_same_file(o.common.out, f));
  RM_ASSIGN(AtomicFile out, AtomicFile::create(o.common.out));
  RM_TRY(report::write_page(benches, browse, [&](std::string_view line) -> Result<void> {
    RM_TRY(out.write(line));
    return out.write("\n");
  }));
  return out.commit();
}

Result<Exit> run(const Options& o) {
  report::Browse browse(static_cast<std::uint64_t>(o.browse));
  Reader reader(o, browse);
  std::vector<std::unique_ptr<Run>> runs;
  const std::vector<std::string> names = cli::run_names(o.files);
  bool failed = false;
  for (std::size_t i = 0; i < o.files.size(); ++i) {
    runs.push_back(std::make_unique<Run>());
    runs.back()->name = names[i];
    RM_TRY(reader.read(o.files[i], *runs.back()));
    auto whole = runs.back()->tally.check(o.scoring.partial);
    if (!whole) return make_error(whole.error().exit, whole.error().reason, whole.error().message, o.files[i]);
    failed |= has_failures(runs.back()->tally);
  }
  const Exit end = failed ? Exit::kSomeFailed : Exit::kDone;
  RM_ASSIGN(const std::vector<report::BenchReport> benches, reports(runs, settings_of(o.scoring, o.common)));
  if (!o.common.summary.empty()) RM_TRY(write_file_atomically(o.common.summary, summary(benches, browse) + "\n"));
  if (o.common.dry_run) return end;
  if (browse.left_out() > 0 && !o.common.quiet) {
    cli::warn(kProgram, std::to_string(browse.left_out()) +
                            " records are in the figures but cannot be looked at singly (--browse " +
                            std::to_string(o.browse) + ")");
  }
  RM_TRY(put(o, benches, browse));
  return end;
}

}  // namespace

int report(int argc, char** argv) {
  Options o;
  cli::Parser p("rm-eval report", "draws judged records as one HTML page: scores, bias, calibration, every judgment",
                kExamples);
  p.files("FILE...", o.files, "Judged records, one run a file; runs of the same benchmark are compared with its first");
  add_scoring(p, o.scoring, false);
  p.group("Page").integer("--browse", "N", o.browse, 0, 10'000'000,
                          "How many records can be looked at singly, from the first (default 20000)");
  p.add(o.common);
  return run_verb(p, argc, argv, [&o]() -> Result<Exit> {
    RM_TRY(interpret(o));
    return run(o);
  });
}

}  // namespace rm::rmeval
