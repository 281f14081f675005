// rm-eval prepare: a benchmark's own files in, pairs with a field `bench` out.
#include "lib/bench/prepare.h"

#include <set>

#include "lib/base/atomic_file.h"
#include "lib/base/escape.h"
#include "lib/base/progress.h"
#include "lib/base/signals.h"
#include "lib/records/elements.h"
#include "lib/records/lines.h"
#include "lib/records/writer.h"
#include "tools/cli/failures.h"
#include "tools/rm-eval/verbs.h"

namespace rm::rmeval {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  rm-eval prepare rm-bench chat.json math.json code.json safety-refuse.json safety-response.json -o pairs.jsonl\n"
    "  rm-eval prepare rmb RMB_dataset | rm-judge | rm-eval score\n"
    "  rm-eval prepare pairs my-preferences.jsonl | rm-judge | rm-eval score\n";

struct Options {
  cli::Common common;
  std::vector<std::string> words;  // the benchmark, then files
  std::string cells = "all";
  const bench::Rules* rules = nullptr;
  std::vector<int> chosen_cells;
};

Result<void> interpret(Options& o) {
  std::string known;
  for (const bench::Rules& r : bench::all_rules()) known += (known.empty() ? "" : ", ") + std::string(r.name);
  if (o.words.empty()) return usage("name the benchmark first: " + known);
  o.rules = bench::find_rules(o.words[0]);
  if (o.rules == nullptr)
    return usage("\"" + escape_text(o.words[0], 80) + "\" is no benchmark; expected one of " + known);
  o.words.erase(o.words.begin());
  if (!o.words.empty() && o.common.in_given) return usage("give files by name or with -i, not both", "-i");
  if (o.words.empty()) o.words.push_back(o.common.in);
  if (o.cells != "all" && o.rules->kind != bench::Kind::kRmBench) return usage("belongs to rm-bench", "--cells");
  if (!o.common.map.empty()) return usage("pairs are copied as they are; give --map to rm-judge", "--map");
  RM_ASSIGN(o.chosen_cells, bench::parse_cells(o.cells));
  return {};
}

// Reads every file, writes pairs, counts.
class Run {
 public:
  Run(const Options& o, records::Writer& out)
      : o_(o), out_(out), progress_({.quiet = o.common.quiet}), failures_(kProgram, o.common, out, progress_) {}
  Result<void> all() {
    for (const std::string& name : o_.words) {
      std::vector<std::string> files{name};
      if (o_.rules->kind == bench::Kind::kRmb) {
        RM_ASSIGN(files, bench::rmb_files(name));
      }
      for (const std::string& file : files) RM_TRY(by_kind(file));
    }
    progress_.finish();
    return {};
  }
  std::uint64_t written() const { return written_; }
  const cli::Failures& failures() const { return failures_; }

 private:
  Result<void> by_kind(const std::string& file) {
    if (o_.rules->kind == bench::Kind::kRmBench || o_.rules->kind == bench::Kind::kRmb) return elements(file);
    return lines(file);
  }
  Result<void> elements(const std::string& file) {
    RM_ASSIGN(auto in, records::Elements::open(file));
    std::string domain;
    if (o_.rules->kind == bench::Kind::kRmBench) {
      RM_ASSIGN(domain, bench::rm_bench_domain(file));
    }
    records::Line line;
    for (;;) {
      RM_ASSIGN(const bool more, in.next(line));
      if (!more) return {};
      RM_TRY(one(line, in.name(), [&](const json::Value& v) {
        return o_.rules->kind == bench::Kind::kRmb ? bench::prepare_rmb(v, emit())
                                                   : bench::prepare_rm_bench(v, domain, o_.chosen_cells, emit());
      }));
    }
  }
  Result<void> lines(const std::string& file) {
    RM_ASSIGN(auto in, records::Lines::open(file));
    records::Line line;
    for (;;) {
      RM_ASSIGN(const bool more, in.next(line));
      if (!more) return {};
      RM_TRY(
          one(line, in.name(), [&](const json::Value& v) { return bench::prepare_line(*o_.rules, v, line, emit()); }));
    }
  }
  bench::Emit emit() {
    return [this](std::string_view text) -> Result<void> {
      ++written_;
      return o_.common.dry_run ? Result<void>() : out_.write(text);
    };
  }
  template <class F>
  Result<void> one(const records::Line& line, const std::string& name, F body) {
    if (signals::stop_requested()) return signals::stop_error();
    progress_.update(written_, failures_.failed(), 0);
    auto value = records::parse_line(document_, line, name);
    Result<void> done = value ? body(*value) : Result<void>(value.error());
    if (done || done.error().exit != Exit::kInput) return done;
    return failures_.pass_on(line, name, done.error());
  }

  const Options& o_;
  records::Writer& out_;
  Progress progress_;
  cli::Failures failures_;
  json::Document document_;
  std::uint64_t written_ = 0;
};

std::string summary(const Options& o, const Run& r) {
  std::string out;
  json::Writer w(out);
  w.begin_object().member("bench", o.rules->name).member("pairs", r.written()).member("failed", r.failures().failed());
  w.member("skipped", r.failures().skipped()).end_object();
  return out;
}

Result<Exit> run(const Options& o) {
  RM_ASSIGN(auto out, records::Writer::open(o.common.dry_run ? "-" : o.common.out, {.input = o.words.front()}));
  Run r(o, out);
  auto done = r.all();
  if (done && o.common.dry_run) done = out.write(summary(o, r));
  auto closed = out.close();
  if (!done) return done.error();
  if (!closed) return closed.error();
  if (!o.common.summary.empty()) RM_TRY(write_file_atomically(o.common.summary, summary(o, r) + "\n"));
  return r.failures().exit();
}

}  // namespace

int prepare(int argc, char** argv) {
  Options o;
  cli::Parser p("rm-eval prepare", "turns a benchmark's files into pairs for rm-judge", kExamples);
  p.files("BENCHMARK FILE...", o.words,
          "reward-bench, reward-bench-2, rm-bench, rmb (its folder) or pairs; then its files");
  p.group("RM-Bench")
      .text("--cells", "LIST", o.cells,
            "Which of the nine style pairs: 0 to 8 (3 x chosen + rejected), easy, normal, hard, all (default)");
  p.add(o.common);
  return run_verb(p, argc, argv, [&o]() -> Result<Exit> {
    RM_TRY(interpret(o));
    return run(o);
  });
}

}  // namespace rm::rmeval
