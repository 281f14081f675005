// rm-eval score: judged records in, the benchmark's published figures out.
#include "lib/bench/scores.h"

#include "lib/base/atomic_file.h"
#include "lib/base/escape.h"
#include "lib/base/fd.h"
#include "lib/base/progress.h"
#include "lib/records/writer.h"
#include "lib/report/score_table.h"
#include "tools/cli/report.h"
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
  std::vector<std::string> files;
  std::string expect, unparsed = "wrong";
  bool json = false, partial = false, upstream_bug = false;
};

Result<void> interpret(Options& o) {
  if (!o.files.empty() && o.common.in_given) return usage("give files by name or with -i, not both", "-i");
  if (!o.common.map.empty()) return usage("judged records have the fields of rm-jsonl(5)", "--map");
  if (o.files.empty()) o.files.push_back(o.common.in);
  const auto in = fd::kind(0, "");
  if (o.files == std::vector<std::string>{"-"} && in && in->terminal)
    return usage("standard input is a terminal: name judged files, or pipe them in (--help shows how)");
  return {};
}

bench::Settings settings_of(const Options& o) {
  bench::Settings s;
  s.unparsed = o.unparsed == "chance" ? bench::Unparsed::kChance
               : o.unparsed == "drop" ? bench::Unparsed::kDrop
                                      : bench::Unparsed::kWrong;
  s.partial = o.partial;
  s.upstream_bug = o.upstream_bug;
  s.seed = o.common.seed;
  return s;
}

Result<void> put(const Options& o, std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  RM_ASSIGN(auto out, records::Writer::open(o.common.out, {.input = o.files.front()}));
  RM_TRY(out.write(text));
  return out.close();
}

Result<Exit> run(const Options& o) {
  bench::Tally tally;
  RM_TRY(read_judged(o.files, {o.expect, o.common.on_error == "stop", o.common.quiet}, tally));
  RM_TRY(tally.check(o.partial));
  const bench::Settings settings = settings_of(o);
  if (settings.upstream_bug && tally.rules() != nullptr && tally.rules()->kind != bench::Kind::kRmBench)
    return usage("belongs to rm-bench", "--upstream-bug");
  const bool failed = tally.counts().of(bench::Outcome::kFailed) + tally.counts().unreadable > 0;
  const Exit end = failed ? Exit::kSomeFailed : Exit::kDone;
  if (o.common.dry_run) return end;
  RM_ASSIGN(const bench::Scores scores, bench::score(tally, settings));
  if (!o.common.summary.empty()) RM_TRY(write_file_atomically(o.common.summary, bench::scores_json(scores) + "\n"));
  const bool color = o.common.out == "-" && want_color(o.common.color, 1);
  RM_TRY(put(o, o.json ? bench::scores_json(scores) : report::score_table(scores, color)));
  return end;
}

}  // namespace

int score(int argc, char** argv) {
  Options o;
  cli::Parser p("rm-eval score", "computes the published scores of judged records, with intervals", kExamples);
  p.files("FILE...", o.files, "Judged records of one benchmark; standard input without any");
  p.group("Scoring")
      .flag("--json", o.json, "One JSON object with all figures as fractions, unrounded")
      .flag("--partial", o.partial, "Score what is there although items are missing; every line then says so")
      .text("--expect", "FILE", o.expect,
            "The items are those of FILE, from rm-eval prepare (default: the published counts)")
      .choice("--unparsed", {"wrong", "chance", "drop"}, o.unparsed,
              "How records without a verdict count (default wrong)")
      .flag("--upstream-bug", o.upstream_bug, "RM-Bench as upstream's script has it: file 3 read in place of file 2");
  p.add(o.common);
  const cli::Parsed parsed = p.parse(argc, argv);
  if (!parsed.go_on) return end_of_flags(parsed);
  if (auto ok = interpret(o); !ok) return end_with(ok.error());
  const auto ended = run(o);
  return ended ? static_cast<int>(*ended) : end_with(ended.error());
}

}  // namespace rm::rmeval
