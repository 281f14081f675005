// rm-eval score: judged records in, the benchmark's published figures out.
#include "lib/bench/scores.h"

#include "lib/base/atomic_file.h"
#include "lib/base/progress.h"
#include "lib/report/score_table.h"
#include "tools/cli/asking.h"
#include "tools/rm-eval/judged_files.h"
#include "tools/rm-eval/verbs.h"

namespace rm::rmeval {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  rm-eval prepare rm-bench chat.json ... | rm-judge | rm-eval score\n"
    "  rm-eval score --json judged.jsonl | jq .overall.value\n"
    "  rm-eval score --partial --expect pairs.jsonl judged-so-far.jsonl\n";

struct Options {
  cli::Common common;
  Scoring scoring;
  std::vector<std::string> files;
};

Result<void> interpret(Options& o) {
  RM_TRY(cli::choose_inputs(o.common, "name judged files, or pipe them in (--help shows how)", o.files));
  if (!o.common.map.empty()) return usage("judged records have the fields of rm-jsonl(5)", "--map");
  return {};
}

Result<Exit> run(const Options& o) {
  bench::Tally tally;
  RM_TRY(read_judged(o.files, {o.scoring.expect, o.common.on_error == "stop", o.common.quiet}, tally));
  RM_TRY(tally.check(o.scoring.partial));
  const bench::Settings settings = settings_of(o.scoring, o.common);
  if (settings.upstream_bug && tally.rules() != nullptr && tally.rules()->kind != bench::Kind::kRmBench)
    return usage("belongs to rm-bench", "--upstream-bug");
  const Exit end = has_failures(tally) ? Exit::kSomeFailed : Exit::kDone;
  if (o.common.dry_run) return end;
  RM_ASSIGN(const bench::Scores scores, bench::score(tally, settings));
  const std::string json = bench::scores_json(scores);
  if (!o.common.summary.empty()) RM_TRY(write_file_atomically(o.common.summary, json + "\n"));
  const bool color = o.common.out == "-" && want_color(o.common.color, 1);
  RM_TRY(cli::put_text(o.common, o.files.front(), o.scoring.json ? json : report::score_table(scores, color)));
  return end;
}

}  // namespace

int score(int argc, char** argv) {
  Options o;
  cli::Parser p("rm-eval score", "computes the published scores of judged records, with intervals", kExamples);
  p.files("FILE...", o.files, "Judged records of one benchmark; standard input without any");
  add_scoring(p, o.scoring);
  p.add(o.common);
  return run_verb(p, argc, argv, [&o]() -> Result<Exit> {
    RM_TRY(interpret(o));
    return run(o);
  });
}

}  // namespace rm::rmeval
