// rm-distill train: chains in, a model that writes such chains out.
#include <chrono>

#include "lib/base/escape.h"
#include "lib/base/folder_lock.h"
#include "lib/base/number.h"
#include "lib/tune/open_trainer.h"
#include "tools/rm-distill/train_result.h"
#include "tools/rm-distill/verbs.h"
#include "tools/train/adapter.h"
#include "tools/train/plan.h"
#include "tools/train/result.h"

namespace rm::rmdistill {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  rm-distill train -m BASE -i chains.jsonl -o sft --recipe rm-r1 --val 0.05\n"
    "  rm-distill train -m model.gguf --lora-rank 16 --lr 1e-4 --batch-size 16 -i chains.jsonl -o adapter\n"
    "  rm-distill train -m BASE -i chains.jsonl -o sft --resume\n"
    "  rm-distill plot sft/metrics.jsonl -o sft.svg\n";

tune::PlanRequest plan_request(const TrainOptions& o, const Chains& c) {
  tune::PlanRequest r = traincli::plan_request(o);
  r.generates = !c.ask.empty();
  r.longest = c.longest;
  r.tokens = most_at_once(c, o.settings.batch);
  return r;
}

std::string about(const TrainOptions& o, const Chains& c) { return text(c) + "\n" + tune::describe(o.settings); }

std::int64_t total_steps(const TrainOptions& o, const Chains& c) {
  return tune::steps_per_epoch(std::ssize(c.learn), o.settings.batch) * o.settings.epochs;
}

tune::FitOptions fit_options(const TrainOptions& o, const Chains& c, const tune::MemoryPlan& plan) {
  const tune::TrainSettings& s = o.settings;
  tune::FitOptions f;
  f.epochs = s.epochs;
  f.batch = s.batch;
  f.micro_batch = s.micro_batch;
  f.pass_tokens = plan.pass_tokens;
  f.schedule = tune::schedule_of(s, total_steps(o, c));
  f.clip = s.clip;
  f.seed = o.common.seed;
  f.val_every = c.validate.empty() ? 0 : o.val_every;
  f.save_every = o.save_every;
  return f;
}

Result<Exit> dry_run(const TrainOptions& o, const Chains& c, const tune::MemoryPlan& plan) {
  RM_TRY(cli::print(about(o, c) + tune::table(plan) +
                    traincli::schedule_text(tune::schedule_of(o.settings, total_steps(o, c)))));
  return c.failed() > 0 ? Exit::kSomeFailed : Exit::kDone;
}

Result<Exit> run(TrainOptions& o) {
  const auto start = std::chrono::steady_clock::now();
  RM_TRY(interpret(o));
  RM_TRY(traincli::keep_inputs(o));
  RM_ASSIGN(const traincli::Base base, traincli::open_base(o));
  if (!o.common.dry_run) RM_TRY(traincli::refuse_foreign(o, base.path));
  RM_ASSIGN(const Chains chains, read_chains(o, base.lexicon));
  if (o.common.dry_run) {
    RM_ASSIGN(const tune::MemoryPlan plan, traincli::settle_plan(o, base, plan_request(o, chains), nullptr, ""));
    return dry_run(o, chains, plan);
  }
  RM_ASSIGN(const FolderLock lock, lock_folder(o.common.out));
  RM_ASSIGN(const auto found, traincli::find_run(o, [&](const std::string& s) { traincli::tell(o, s); }));
  RM_ASSIGN(std::string fingerprint, traincli::fingerprint(base));
  const traincli::Wanted same{o.common.seed, chains.hash(), tune::settings_hash(o.settings), tune::describe(o.settings),
                              std::move(fingerprint)};
  if (found) RM_TRY(traincli::check_same(o, *found, same));
  RM_ASSIGN(const tune::MemoryPlan plan,
            traincli::settle_plan(o, base, plan_request(o, chains), found ? &*found : nullptr, about(o, chains)));

  tune::TrainerOptions t = traincli::trainer_options(o, base.path);
  t.kept_layers = plan.kept_layers;
  RM_ASSIGN(const auto trainer, tune::open_trainer(t));
  TrainRun events(o, chains, same, base.path, *trainer);
  tune::Fit fit(*trainer, chains.learn, fit_options(o, chains, plan), events);
  if (found) {
    RM_TRY(traincli::restore(o, *found, *trainer, fit));
  } else if (base.adapter) {
    RM_TRY(traincli::put_adapter(*base.adapter, *trainer));
  }
  RM_TRY(events.open(found ? std::optional(fit.place()) : std::nullopt));
  auto done = fit.run();
  RM_TRY(events.close());
  if (!done) return done.error();
  RM_TRY(traincli::write_result(o, o.common.out, *base.file, *trainer));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  RM_TRY(write_summary(o, chains, events, fit, trainer->info(), seconds));
  traincli::tell(o, std::to_string(fit.place().step) + " steps in " + format_duration(seconds) + "; the " +
                        (traincli::leaves_adapter(o) ? "adapter" : "model") + " is in " + escape_text(o.common.out));
  return chains.failed() > 0 ? Exit::kSomeFailed : Exit::kDone;
}

}  // namespace

int train(int argc, char** argv) {
  TrainOptions o;
  cli::Parser p(kTrainWords.command, "fine-tunes a judge on chains of reasoning", kExamples);
  add_train_flags(p, o);
  return run_verb(p, argc, argv, [&o] { return run(o); });
}

}  // namespace rm::rmdistill
