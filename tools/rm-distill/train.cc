// rm-distill train: chains in, a model that writes such chains out.
#include <algorithm>
#include <charconv>
#include <set>

#include "lib/base/escape.h"
#include "lib/base/folder_lock.h"
#include "lib/base/free_memory.h"
#include "lib/base/number.h"
#include "lib/generate/local.h"
#include "lib/records/writer.h"
#include "lib/tune/open_trainer.h"
#include "lib/tune/plan.h"
#include "lib/weightfile/fingerprint.h"
#include "tools/rm-distill/train_adapter.h"
#include "tools/rm-distill/train_folder.h"
#include "tools/rm-distill/train_result.h"
#include "tools/rm-distill/verbs.h"

namespace rm::rmdistill {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  rm-distill train -m BASE -i chains.jsonl -o sft --recipe rm-r1 --val 0.05\n"
    "  rm-distill train -m model.gguf --lora-rank 16 --lr 1e-4 --batch-size 16 -i chains.jsonl -o adapter\n"
    "  rm-distill train -m BASE -i chains.jsonl -o sft --resume\n"
    "  rm-distill plot sft/metrics.jsonl -o sft.svg\n";

struct Base {
  std::string path;
  std::unique_ptr<weightfile::WeightFile> file;
  std::unique_ptr<weightfile::LoraFile> adapter;  // of --adapter
  Lexicon lexicon;
};

Result<Base> open_base(TrainOptions& o) {
  std::string path = o.model;
  if (path.empty()) {
    RM_ASSIGN(path, generate::default_model());
  }
  RM_ASSIGN(auto file, weightfile::WeightFile::open(path));
  RM_ASSIGN(weightfile::TextSource source, file->text());
  RM_ASSIGN(text::ChatTemplate chat, generate::open_template(o.chat, source));
  RM_ASSIGN(text::Tokenizer tokenizer, text::Tokenizer::make(std::move(source.vocab)));
  const std::int64_t vocab = file->config().vocab;
  std::unique_ptr<weightfile::LoraFile> adapter;
  if (!o.adapter.empty()) {
    RM_ASSIGN(adapter, open_adapter(o, file->config()));
  }
  return Base{std::move(path), std::move(file), std::move(adapter), {std::move(tokenizer), std::move(chat), vocab}};
}

tune::PlanRequest plan_request(const TrainOptions& o, const Chains& c) {
  tune::PlanRequest r;
  r.bf16 = o.dtype != "f32";
  r.lora = o.settings.lora;
  r.generates = !c.ask.empty();
  r.free_bytes = o.device == "auto" || o.device == "cpu" ? free_memory() : 0;
  r.longest = c.longest;
  r.tokens = most_at_once(c, o.settings.batch);
  r.pass_tokens = o.pass_tokens;
  return r;
}

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

void tell(const TrainOptions& o, const std::string& lines) {
  if (o.common.quiet) return;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', at), lines.size());
    cli::warn(kProgram, lines.substr(at, end - at));
    at = end + 1;
  }
}

// "1: 0, 2: 0.01, 12: 0.0071, 24: 0.001": the rates of the first step, the first after the warm-up, the middle and the last.
std::string rates(const tune::Schedule& s) {
  std::string out;
  for (const std::int64_t step :
       std::set{std::int64_t{1}, std::min(s.warmup + 1, s.total), (s.total + 1) / 2, s.total}) {
    char digits[32];
    const auto end =
        std::to_chars(digits, std::end(digits), tune::rate(s, step - 1), std::chars_format::general, 4).ptr;
    out += (out.empty() ? "" : ", ") + std::to_string(step) + ": " + std::string(digits, end);
  }
  return out;
}

Result<Exit> dry_run(const TrainOptions& o, const Chains& c, const tune::MemoryPlan& plan) {
  const tune::Schedule s = tune::schedule_of(o.settings, total_steps(o, c));
  RM_TRY(cli::print(text(c) + "\n" + tune::describe(o.settings) + tune::table(plan) + "steps      " +
                    std::to_string(s.total) + ", " + std::to_string(s.warmup) + " of them warm-up\nrates      " +
                    rates(s) + "\n"));
  return c.failed() > 0 ? Exit::kSomeFailed : Exit::kDone;
}

// What a run that begins now has to share with the one in its folder.
Result<Wanted> wanted(const TrainOptions& o, const Chains& c, const Base& base) {
  RM_ASSIGN(std::string fingerprint, weightfile::fingerprint(*base.file));
  if (base.adapter) {
    RM_ASSIGN(const std::string hash, adapter_hash(*base.adapter));
    fingerprint += "+" + hash;
  }
  return Wanted{o.common.seed, c.hash(), tune::settings_hash(o.settings), tune::describe(o.settings),
                std::move(fingerprint)};
}

Result<tune::MemoryPlan> plan_for(const TrainOptions& o, const Chains& c, const Base& base, const FoundRun* found) {
  tune::PlanRequest request = plan_request(o, c);
  if (found && found->runs_as_before(o)) request.pass_tokens = found->notes.pass_tokens;  // to end as it would have
  tune::MemoryPlan plan = tune::plan_memory(base.file->config(), request);
  if (o.common.dry_run) return plan;
  tell(o, text(c) + "\n" + tune::describe(o.settings) + tune::table(plan));
  RM_TRY(tune::check_plan(base.file->config(), request));
  if (!plan.fits()) {
    tell(o, "that is more than is free: give a smaller --pass-tokens, or the system may end the run");
  }
  if (found && !found->runs_as_before(o)) {
    tell(o, "--pass-tokens: " + std::to_string(found->notes.pass_tokens) + " tokens ran at once and now " +
                std::to_string(o.pass_tokens) + " do: the last bits of the weights will differ");
  }
  if (o.deterministic && plan.pass_tokens < plan.usual_tokens) {
    tell(o, "memory holds " + format_grouped(static_cast<std::uint64_t>(plan.pass_tokens)) +
                " tokens at once, and with more of it free there would be more: for the same bits there too give "
                "--pass-tokens " +
                std::to_string(plan.pass_tokens));
  }
  return plan;
}

// State and place of the run that is gone on with.
Result<void> restore(const TrainOptions& o, const FoundRun& found, tune::Trainer& trainer, tune::Fit& fit) {
  for (const std::string& s : odds(found.checkpoint.facts, trainer.info())) tell(o, s);
  RM_TRY(fit.resume(found.place(o)));
  RM_TRY(tune::load_checkpoint(found.checkpoint, trainer.state(),
                               [&](std::size_t index, std::uint64_t first, std::span<const float> from) {
                                 return trainer.write_state(index, first, from);
                               }));
  trainer.set_steps(found.notes.optimizer_steps);
  tell(o, "goes on from " + escape_text(found.checkpoint.path) + ", step " + std::to_string(fit.place().step) + " of " +
              std::to_string(fit.total_steps()));
  return {};
}

// What is written must not be what is read, nor two outputs one file.
Result<void> keep_inputs(const TrainOptions& o) {
  for (const std::string& out : {o.metrics, o.common.summary}) {
    if (out.empty() || out == "-") continue;
    for (const std::string& in : {o.common.in, o.val_file}) {
      if (!in.empty() && in != "-") RM_TRY(records::refuse_same_file(out, in));
    }
  }
  if (!o.common.summary.empty() && o.common.summary == o.metrics)
    return usage("is the file of --metrics too; give each its own", "--summary");
  return {};
}

Result<Exit> run(TrainOptions& o) {
  const auto start = std::chrono::steady_clock::now();
  RM_TRY(interpret(o));
  RM_TRY(keep_inputs(o));
  RM_ASSIGN(const Base base, open_base(o));
  if (!o.common.dry_run) RM_TRY(refuse_foreign(o, base.path));
  RM_ASSIGN(const Chains chains, read_chains(o, base.lexicon));
  if (o.common.dry_run) {
    RM_ASSIGN(const tune::MemoryPlan plan, plan_for(o, chains, base, nullptr));
    return dry_run(o, chains, plan);
  }
  RM_ASSIGN(const FolderLock lock, lock_folder(o.common.out));
  RM_ASSIGN(const auto found, find_run(o, [&](const std::string& s) { tell(o, s); }));
  RM_ASSIGN(const Wanted same, wanted(o, chains, base));
  if (found) RM_TRY(check_same(*found, same));
  RM_ASSIGN(const tune::MemoryPlan plan, plan_for(o, chains, base, found ? &*found : nullptr));

  tune::TrainerOptions t = trainer_options(o, base.path);
  t.kept_layers = plan.kept_layers;
  RM_ASSIGN(const auto trainer, tune::open_trainer(t));
  TrainRun events(o, chains, same, base.path, *trainer);
  tune::Fit fit(*trainer, chains.learn, fit_options(o, chains, plan), events);
  if (found) {
    RM_TRY(restore(o, *found, *trainer, fit));
  } else if (base.adapter) {
    RM_TRY(put_adapter(*base.adapter, *trainer));
  }
  RM_TRY(events.open(found ? std::optional(fit.place()) : std::nullopt));
  auto done = fit.run();
  RM_TRY(events.close());
  if (!done) return done.error();
  RM_TRY(write_result(o, *base.file, *trainer));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  RM_TRY(write_summary(o, chains, events, fit, trainer->info(), seconds));
  tell(o, std::to_string(fit.place().step) + " steps in " + format_duration(seconds) + "; the " +
              (o.settings.lora.rank > 0 && !o.merge ? "adapter" : "model") + " is in " + escape_text(o.common.out));
  return chains.failed() > 0 ? Exit::kSomeFailed : Exit::kDone;
}

}  // namespace

int train(int argc, char** argv) {
  TrainOptions o;
  cli::Parser p("rm-distill train", "fine-tunes a judge on chains of reasoning", kExamples);
  add_train_flags(p, o);
  return run_verb(p, argc, argv, [&o] { return run(o); });
}

}  // namespace rm::rmdistill
