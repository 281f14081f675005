// rm-rl: labelled pairs in, a judge whose verdicts are right more often out.
#include <chrono>

#include "lib/base/escape.h"
#include "lib/base/folder_lock.h"
#include "lib/base/number.h"
#include "lib/generate/local.h"
#include "lib/reward/reward.h"
#include "lib/tune/open_trainer.h"
#include "tools/rm-rl/summary.h"
#include "tools/rm-rl/verbs.h"
#include "tools/train/adapter.h"
#include "tools/train/plan.h"
#include "tools/train/result.h"

namespace rm::rmrl {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  rm-rl -m sft -i rl.jsonl -o rl --recipe rm-r1 > rl-metrics.jsonl\n"
    "  rm-rl -m sft -i rl.jsonl -o rl --lora-rank 16 --lr 1e-5 --batch-size 32 --val 0.05 --val-every 10\n"
    "  rm-rl -m sft -i rl.jsonl -o rl --reward-cmd 'python3 score.py' --resume\n"
    "  rm-rl plot rl-metrics.jsonl -o rl.svg                     # rm-rl plot --help lists its flags\n";

std::int64_t context_of(const RlOptions& o, const Pairs& p, const traincli::Base& base) {
  return std::min(p.longest + o.rl.max_tokens, base.file->config().context);
}

tune::PlanRequest plan_request(const RlOptions& o, const Pairs& p, const traincli::Base& base) {
  tune::PlanRequest r = traincli::plan_request(o);
  r.reference = o.rl.rule.kl > 0;
  r.longest = context_of(o, p, base);
  r.reply = r.longest - p.longest;
  return r;
}

std::string about(const RlOptions& o, const Pairs& p) { return text(o, p) + "\n" + rl::describe(o.rl); }

Result<Exit> dry_run(const RlOptions& o, const Pairs& p, const tune::MemoryPlan& plan) {
  const std::int64_t steps = rl::total_steps(o.rl, std::ssize(p.learn));
  RM_TRY(cli::print(about(o, p) + tune::table(plan) + traincli::schedule_text(tune::schedule_of(o.settings, steps))));
  return p.failed() > 0 ? Exit::kSomeFailed : Exit::kDone;
}

Result<std::unique_ptr<reward::Reward>> open_reward(const RlOptions& o) {
  if (o.reward_cmd.empty()) return reward::rm_r1();
  reward::ProgramOptions r;
  r.command = o.reward_cmd;
  r.timeout_s = o.reward_timeout.value_or(r.timeout_s);
  r.tell = [&o](const std::string& s) { traincli::tell(o, s); };
  return reward::program(std::move(r));
}

generate::EngineOptions engine_options(const RlOptions& o, const Pairs& p, const traincli::Base& base) {
  generate::EngineOptions e;
  e.model = base.path;
  e.device = o.device;
  e.threads = static_cast<int>(o.threads);
  e.context = context_of(o, p, base);
  e.deterministic = o.deterministic;
  return e;
}

rl::GrpoOptions grpo_options(const RlOptions& o, const Pairs& p, const generate::EngineOptions& engine,
                             std::int64_t pass_tokens) {
  rl::GrpoOptions g;
  g.settings = o.rl;
  g.schedule = tune::schedule_of(o.settings, rl::total_steps(o.rl, std::ssize(p.learn)));
  g.pass_tokens = pass_tokens;
  g.seed = o.common.seed;
  g.engine = engine;
  g.val_every = p.validate.empty() ? 0 : o.val_every;
  g.save_every = o.save_every;
  return g;
}

tune::TrainerOptions trainer_options(const RlOptions& o, const traincli::Base& base, const tune::MemoryPlan& plan) {
  tune::TrainerOptions t = traincli::trainer_options(o, base.path);
  t.kept_layers = plan.kept_layers;
  t.reference = o.rl.rule.kl > 0;
  return t;
}

// From an opened Trainer to the last byte in the folder.
Result<Exit> learn(const RlOptions& o, const Pairs& pairs, const traincli::Base& base, const traincli::Wanted& same,
                   const std::optional<traincli::FoundRun>& found, const tune::MemoryPlan& plan) {
  const auto start = std::chrono::steady_clock::now();
  const text::ChatTemplate& chat = base.lexicon.chat;
  const rl::Task task{pairs.learn, pairs.lines, &base.lexicon.tokenizer,
                      generate::stop_tokens(base.file->config(), base.lexicon.tokenizer, chat)};
  const generate::EngineOptions engine = engine_options(o, pairs, base);
  RM_ASSIGN(const auto reward, open_reward(o));
  RM_ASSIGN(const auto trainer, tune::open_trainer(trainer_options(o, base, plan)));
  RlRun events(o, pairs, same, base, task, engine, *trainer);
  rl::Grpo grpo(*trainer, *reward, task, grpo_options(o, pairs, engine, plan.pass_tokens), events);
  if (found) {
    RM_TRY(traincli::restore(o, *found, *trainer, grpo));
  } else if (base.adapter) {
    RM_TRY(traincli::put_adapter(*base.adapter, *trainer));
  }
  RM_TRY(events.open(found ? std::optional(grpo.place()) : std::nullopt, grpo.total_steps()));
  auto done = grpo.run();
  RM_TRY(events.close());
  if (!done) return done.error();
  RM_TRY(traincli::write_result(o, o.common.out, *base.file, *trainer));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  RM_TRY(write_summary(o, pairs, events, grpo, trainer->info(), seconds));
  std::string end = std::to_string(grpo.place().step) + " steps in " + format_duration(seconds) + "; the " +
                    (traincli::leaves_adapter(o) ? "adapter" : "model") + " is in " + escape_text(o.common.out);
  if (events.best().step())
    end += ", that of the best validation (step " + std::to_string(*events.best().step()) + ") in " +
           escape_text(events.best().folder());
  traincli::tell(o, end);
  return pairs.failed() > 0 ? Exit::kSomeFailed : Exit::kDone;
}

Result<Exit> run(RlOptions& o) {
  RM_TRY(interpret(o));
  RM_TRY(traincli::keep_inputs(o, {{"--samples-file", o.samples_file}}));
  RM_ASSIGN(const traincli::Base base, traincli::open_base(o));
  if (!o.common.dry_run) RM_TRY(traincli::refuse_foreign(o, base.path));
  RM_ASSIGN(const rl::PromptMaker maker, prompt_maker(o, base));
  RM_ASSIGN(const Pairs pairs, read_pairs(o, maker));
  for (const std::string& s : oddities(o)) traincli::tell(o, s);
  if (o.common.dry_run) {
    RM_ASSIGN(const tune::MemoryPlan plan, traincli::settle_plan(o, base, plan_request(o, pairs, base), nullptr, ""));
    return dry_run(o, pairs, plan);
  }
  RM_ASSIGN(const FolderLock lock, lock_folder(o.common.out));
  RM_ASSIGN(const auto found, traincli::find_run(o, [&](const std::string& s) { traincli::tell(o, s); }));
  RM_ASSIGN(std::string fingerprint, traincli::fingerprint(base));
  const traincli::Wanted same{o.common.seed, pairs.hash(), rl::settings_hash(o.rl), rl::describe(o.rl),
                              std::move(fingerprint)};
  if (found) RM_TRY(traincli::check_same(o, *found, same));
  RM_ASSIGN(const tune::MemoryPlan plan,
            traincli::settle_plan(o, base, plan_request(o, pairs, base), found ? &*found : nullptr, about(o, pairs)));
  return learn(o, pairs, base, same, found, plan);
}

}  // namespace

int train(int argc, char** argv) {
  RlOptions o;
  cli::Parser p(kProgram, "trains a judge on verdicts that can be checked, by GRPO", kExamples);
  add_flags(p, o);
  return run_verb(p, argc, argv, [&o] { return run(o); });
}

}  // namespace rm::rmrl
