// rm-judge: pairs in, the same records with a judgment out. The stages of a run; the work is in loop.cc and one.cc.
#include <chrono>
#include <cstdlib>

#include "lib/base/atomic_file.h"
#include "lib/base/fd.h"
#include "lib/base/signals.h"
#include "lib/records/resume.h"
#include "lib/records/splice.h"
#include "lib/serve/server.h"
#include "tools/cli/open.h"
#include "tools/cli/report.h"
#include "tools/rm-judge/loop.h"
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
  Judge j{nullptr, judge::PromptSet::built_in(), o.settings};
  if (!o.model.prompt.empty()) {
    RM_ASSIGN(j.prompts, judge::PromptSet::read(o.model.prompt));
  }
  j.settings.form = o.model.form == "plain" ? judge::Form::kPlain : judge::Form::kCor;
  if (o.reparse || !o.model.emit_batch.empty()) return j;
  RM_ASSIGN(j.generator, cli::open_generator(o.model, o.one || !o.serve.empty(), [&](const std::string& message) {
              if (!o.common.quiet) cli::warn(kProgram, message);
            }));
  if (o.model.form.empty() && j.generator->reasoning_model()) j.settings.form = judge::Form::kPlain;
  j.settings.model = j.generator->model_name();
  return j;
}

Work work_of(const Options& o) {
  if (o.reparse) return Work::kReparse;
  if (!o.model.emit_batch.empty()) return Work::kEmitBatch;
  if (o.show_prompt) return Work::kShowPrompt;
  if (o.common.dry_run) return Work::kDryRun;
  return o.retry.empty() ? Work::kJudge : Work::kRetry;
}

struct Ended {
  Counts counts;
  std::optional<Error> error;
};

std::string sizes_json(const Counts& c, const Sizes& s, std::int64_t context) {
  std::string out;
  json::Writer w(out);
  w.begin_object().member("records", c.records).member("failed", c.failed).member("prompts", s.prompts);
  w.member("prompt_tokens", s.tokens).member("longest_prompt", s.longest).member("too_long", s.too_long);
  w.member("context", context).end_object();
  return out;
}

Ended judge_records(const Options& o, Judge& judge) {
  const auto failed = [](const Error& e) { return Ended{{}, e}; };
  auto lines = records::Lines::open(o.common.in, o.shard);
  if (!lines) return failed(lines.error());
  records::WriterOptions kept;
  kept.input = o.common.in;
  std::uint64_t failed_before = 0;
  if (o.length.resume) {
    auto done = records::resume(o.common.out, *lines, records::own_fields(), o.on_error == OnError::kSkip);
    if (!done) return failed(done.error());
    kept.keep = done->keep;
    kept.lines = done->lines;
    failed_before = done->failed;
  }
  auto out = records::Writer::open(o.common.out, kept);
  if (!out) return failed(out.error());

  const Work work = work_of(o);
  std::optional<generate::BatchWriter> batch;
  if (work == Work::kEmitBatch) {
    auto opened = generate::BatchWriter::create(o.model.emit_batch, o.model.api_model);
    if (!opened) return failed(opened.error());
    batch.emplace(*std::move(opened));
  }
  Progress progress({.quiet = o.common.quiet});
  progress.skip(kept.lines);
  ReadAhead in(std::move(*lines));
  Loop loop(in, *out, judge.generator.get(), judge.prompts, {work, o.on_error, o.map, judge.settings, o.common.quiet},
            &progress);
  loop.resumed(kept.lines);
  if (batch) loop.emit_to(*batch);
  Outcome end = loop.run([](const std::string& message) { cli::warn(kProgram, message); });
  progress.finish();
  end.counts.failed += failed_before;
  if (work == Work::kDryRun && !end.error) {
    if (auto r = out->write(sizes_json(end.counts, end.sizes, judge.generator->context())); !r) end.error = r.error();
  }
  if (batch) {
    if (auto closed = batch->close(); !closed && !end.error) end.error = closed.error();
  }
  if (auto closed = out->close(); !closed && (!end.error || end.error->exit == Exit::kDone)) end.error = closed.error();
  return {end.counts, end.error};
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
  run.prompt_id = o.reparse ? "" : judge->prompts.id(judge->settings.form);
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
