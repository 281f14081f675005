// rm-judge: pairs in, the same records with a judgment out. The stages of a run; the work is in judging.cc and one.cc.
#include <array>
#include <chrono>
#include <cstdlib>

#include "lib/base/atomic_file.h"
#include "lib/base/fd.h"
#include "lib/base/signals.h"
#include "lib/records/splice.h"
#include "lib/serve/server.h"
#include "tools/cli/asking.h"
#include "tools/cli/open.h"
#include "tools/cli/record_run.h"
#include "tools/cli/report.h"
#include "tools/rm-judge/judging.h"
#include "tools/rm-judge/one.h"
#include "tools/rm-judge/options.h"

namespace rm::rmjudge {
namespace {

using Clock = std::chrono::steady_clock;

struct Judge {
  std::unique_ptr<generate::Generator> generator;  // null for --reparse
  judge::PromptSet prompts;
  judge::Settings settings;
};

Result<Judge> open_judge(const Options& o) {
  RM_ASSIGN(judge::PromptSet prompts, cli::prompts_of(o.model));
  Judge j{nullptr, std::move(prompts), o.settings};
  j.settings.form = o.model.form == "plain" ? judge::Form::kPlain : judge::Form::kCor;
  if (o.reparse || !o.model.emit_batch.empty()) return j;
  RM_ASSIGN(j.generator, cli::open_generator(o.model, o.one || !o.serve.empty(), [&](const std::string& message) {
              if (!o.common.quiet) cli::warn(kProgram, message);
            }));
  if (o.model.form.empty() && j.generator->reasoning_model()) j.settings.form = judge::Form::kPlain;
  j.settings.model = j.generator->model_name();
  return j;
}

struct Ended {
  Counts counts;
  std::optional<Error> error;
};

Ended judge_records(const Options& o, Judge& judge) {
  static constexpr std::array<std::string_view, 2> kOwn = {"judgment", "warnings"};
  cli::RecordRun run{kProgram, &o.common, &o.length, &o.model, o.shard};
  run.own = records::own_fields();
  JudgingOptions what;
  if (!o.reparse) run.mode = cli::mode_of(o.common, o.model, o.show_prompt);
  if (o.reparse) what.kind = JudgingOptions::Kind::kReparse;
  if (!o.retry.empty() && run.mode == cli::Mode::kAsk) what.kind = JudgingOptions::Kind::kRetry;
  what.emits = run.mode == cli::Mode::kEmitBatch;
  what.map = o.map;
  what.settings = judge.settings;
  // Other kinds of work keep the judgment that is there.
  if (what.kind == JudgingOptions::Kind::kJudge && run.mode == cli::Mode::kAsk) run.stale = kOwn;
  Judging judging(judge.prompts, std::move(what));
  const cli::Outcome end = cli::run_records(run, judge.generator.get(), judging);
  Ended ended{judging.counts(), end.error};
  ended.counts.resumed = end.resumed;
  ended.counts.records = end.records;
  ended.counts.failed = end.failed;
  ended.counts.skipped = end.skipped;
  return ended;
}

Ended judge_question(const Options& o, Judge& judge) {
  auto question = read_one(o);
  if (!question) return {{}, question.error()};
  if (o.show_prompt || o.common.dry_run) {
    auto shown = show_one(o, judge.settings, *question, *judge.generator, judge.prompts);
    return shown ? Ended{} : Ended{{}, shown.error()};
  }
  auto counts = judge_one(o, judge.settings, *question, *judge.generator, judge.prompts);
  return counts ? Ended{*counts, {}} : Ended{{}, counts.error()};
}

// --serve: until a signal comes; the address goes to standard error, so that people and scripts know when it listens.
int serve(const Options& o, Judge& judge) {
  const auto say = [](const std::string& line) { cli::warn(kProgram, line); };
  const auto end_with = [](const Error& e) { return cli::report(kProgram, e), static_cast<int>(e.exit); };
  auto options = serve::parse_address(o.serve);
  if (!options) return end_with(options.error());
  if (const char* token = std::getenv("RM_SERVE_TOKEN")) options->token = token;
  auto server = serve::Server::open(*options, *judge.generator, {&judge.prompts, judge.settings, o.map}, say);
  if (!server) return end_with(server.error());
  if (!o.common.quiet) say("judging at " + (*server)->url());
  return static_cast<int>((*server)->run());
}

int run(int argc, char** argv) {
  Options o;
  const cli::Parsed parsed = parse_flags(argc, argv, o);
  if (!parsed.go_on) {
    if (parsed.exit != Exit::kDone) return cli::warn(kProgram, parsed.text), static_cast<int>(parsed.exit);
    const auto printed = cli::print(parsed.text);
    return static_cast<int>(printed ? Exit::kDone : printed.error().exit);
  }
  const auto end_with = [](const Error& e) { return cli::report(kProgram, e), static_cast<int>(e.exit); };
  if (auto ok = interpret(o); !ok) return end_with(ok.error());
  const auto start = Clock::now();
  auto judge = open_judge(o);
  if (!judge) return end_with(judge.error());

  if (!o.serve.empty()) return serve(o, *judge);

  const Ended end = o.one ? judge_question(o, *judge) : judge_records(o, *judge);
  Run run;
  run.model = judge->settings.model;
  run.prompt_id = o.reparse ? "" : judge->prompts.id(judge->settings.form, judge->settings.rubric);
  run.seed = judge->settings.seed;
  run.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  run.exit = end.error                                                            ? end.error->exit
             : end.counts.failed + end.counts.skipped + end.counts.incomplete > 0 ? Exit::kSomeFailed
                                                                                  : Exit::kDone;
  if (!o.common.summary.empty()) {
    if (auto written = write_file_atomically(o.common.summary, summary_json(end.counts, run) + "\n");
        !written && !end.error)
      return end_with(written.error());
  }
  const bool watched = fd::kind(2, "") && fd::kind(2, "")->terminal;
  if (watched && !o.one && !o.common.quiet && end.counts.records > 0)
    cli::warn(kProgram, closing_line(end.counts, run));
  return end.error ? end_with(*end.error) : static_cast<int>(run.exit);
}

}  // namespace
}  // namespace rm::rmjudge

int main(int argc, char** argv) {
  rm::fd::guard_standard();
  rm::signals::install();
  return rm::cli::guarded(rm::rmjudge::kProgram, [&] { return rm::rmjudge::run(argc, argv); });
}
