// rm-eval compare: several judges of the same items in, whether they differ out.
#include "lib/bench/compare.h"

#include "lib/base/atomic_file.h"
#include "lib/base/json.h"
#include "lib/base/progress.h"
#include "lib/bench/prepare.h"
#include "lib/records/writer.h"
#include "lib/report/compare_table.h"
#include "tools/cli/asking.h"
#include "tools/rm-eval/judged_files.h"
#include "tools/rm-eval/verbs.h"

namespace rm::rmeval {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  rm-eval compare old.jsonl new.jsonl\n"
    "  rm-eval compare a.jsonl b.jsonl c.jsonl --json | jq '.comparisons[].difference'\n"
    "  rm-eval compare a.jsonl b.jsonl --differ differ.jsonl\n";

struct Options {
  cli::Common common;
  Scoring scoring;
  std::vector<std::string> files;
  std::string differ;
};

Result<void> interpret(const Options& o) {
  RM_TRY(
      check_side_by_side(o.common, o.files, "needs two or more judged files; the others are compared with the first"));
  if (!o.differ.empty() && o.files.size() > 2) return usage("takes two judged files", "--differ");
  return {};
}

Result<void> load(const std::string& file, const Options& o, bench::Tally& tally) {
  RM_TRY(read_judged({file}, {o.scoring.expect, o.common.on_error == "stop", o.common.quiet}, tally));
  auto whole = tally.check(o.scoring.partial);
  if (whole) return whole;
  Error e = whole.error();
  e.where = file;
  return e;
}

Result<void> write_differing(const Options& o, bench::Tally& first, bench::Tally& second) {
  RM_ASSIGN(auto out, records::Writer::open(o.differ, {.input = o.files.front()}));
  RM_TRY(bench::each_difference(first, second, [&](const bench::Item& i, const bench::Row& a, const bench::Row& b) {
    std::string line;
    json::Writer w(line);
    w.begin_object();
    w.key("bench").raw(bench::tag_json({first.rules(), first.subsets()[i.subset], first.item_name(i), a.cell, i.n}));
    w.member("first", bench::name(a.outcome)).member("second", bench::name(b.outcome)).end_object();
    return out.write(line);
  }));
  return out.close();
}

Result<Exit> run(const Options& o) {
  bench::Tally first;
  RM_TRY(load(o.files[0], o, first));
  const bench::Settings settings = settings_of(o.scoring, o.common);
  bool failed = has_failures(first);
  std::vector<bench::Comparison> all;
  for (std::size_t i = 1; i < o.files.size(); ++i) {
    bench::Tally other;
    RM_TRY(load(o.files[i], o, other));
    failed |= has_failures(other);
    auto compared = bench::compare(first, other, settings);
    if (!compared) {
      Error e = compared.error();
      e.where = o.files[i];
      return e;
    }
    compared->first = o.files[0] + (compared->first.empty() ? "" : " (" + compared->first + ")");
    compared->second = o.files[i] + (compared->second.empty() ? "" : " (" + compared->second + ")");
    all.push_back(*std::move(compared));
    if (!o.differ.empty()) RM_TRY(write_differing(o, first, other));
  }
  bench::correct_for_number(all);
  const Exit end = failed ? Exit::kSomeFailed : Exit::kDone;
  if (o.common.dry_run) return end;
  const bool partial = o.scoring.partial && !first.missing().empty();
  const std::string json = bench::comparisons_json(all, settings, partial);
  if (!o.common.summary.empty()) RM_TRY(write_file_atomically(o.common.summary, json + "\n"));
  const bool color = o.common.out == "-" && want_color(o.common.color, 1);
  RM_TRY(cli::put_text(o.common, o.files.front(), o.scoring.json ? json : report::compare_table(all, color, partial)));
  return end;
}

}  // namespace

int compare(int argc, char** argv) {
  Options o;
  cli::Parser p("rm-eval compare", "says whether judges of the same items differ, and where", kExamples);
  p.files("FILE FILE...", o.files, "Judged records of the same items; each file is compared with the first");
  add_scoring(p, o.scoring);
  p.group("Comparing").text("--differ", "FILE", o.differ, "Write the records in which two files differ to FILE");
  p.add(o.common);
  return run_verb(p, argc, argv, [&o]() -> Result<Exit> {
    RM_TRY(interpret(o));
    return run(o);
  });
}

}  // namespace rm::rmeval
