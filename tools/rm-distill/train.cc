// rm-distill train: chains in, a model that writes such chains out.
#include <algorithm>

#include "lib/base/atomic_file.h"
#include "lib/base/folder_lock.h"
#include "lib/base/free_memory.h"
#include "lib/base/number.h"
#include "lib/base/signals.h"
#include "lib/generate/local.h"
#include "lib/tune/open_trainer.h"
#include "lib/weightfile/model_writer.h"
#include "tools/rm-distill/train_run.h"
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
  Lexicon lexicon;
};

Result<Base> open_base(const TrainOptions& o) {
  std::string path = o.model;
  if (path.empty()) {
    RM_ASSIGN(path, generate::default_model());
  }
  RM_ASSIGN(auto file, weightfile::WeightFile::open(path));
  RM_ASSIGN(weightfile::TextSource source, file->text());
  RM_ASSIGN(text::ChatTemplate chat, generate::open_template(o.chat, source));
  RM_ASSIGN(text::Tokenizer tokenizer, text::Tokenizer::make(std::move(source.vocab)));
  const std::int64_t vocab = file->config().vocab;
  return Base{std::move(path), std::move(file), {std::move(tokenizer), std::move(chat), vocab}};
}

tune::PlanRequest plan_request(const TrainOptions& o, const Chains& c) {
  tune::PlanRequest r;
  r.bf16 = o.dtype != "f32";
  r.lora = o.settings.lora;
  r.generates = !c.ask.empty();
  r.free_bytes = o.device == "auto" || o.device == "cpu" ? free_memory() : 0;
  r.longest = c.longest;
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

// A folder with a run in it is gone on with, never overwritten by accident.
Result<std::optional<tune::FoundCheckpoint>> find_run(const TrainOptions& o) {
  const std::string folder = o.common.out + "/checkpoints";
  RM_ASSIGN(auto found, tune::newest_checkpoint(folder, [&](const std::string& s) { tell(o, s); }));
  if (found && !o.resume) {
    return make_error(Exit::kUsage, "used",
                      "holds a run at step " + std::to_string(found->facts.step) +
                          ": --resume goes on with it; a new run needs another folder",
                      o.common.out);
  }
  if (!found && o.resume) tell(o, "no checkpoint in " + folder + "; the run begins anew");
  return found;
}

Result<void> write_result(const TrainOptions& o, const Base& base, const tune::Trainer& trainer) {
  const tune::LoraOptions& l = o.settings.lora;
  if (l.rank == 0 || o.merge) {
    weightfile::ModelWriteOptions w;
    w.dtype = o.dtype == "f32" ? weightfile::DType::kF32 : weightfile::DType::kBF16;
    return weightfile::write_model(o.common.out, *base.file, w,
                                   [&](const std::string& name, std::uint64_t first, std::span<float> to) {
                                     return trainer.read_model(name, first, to);
                                   });
  }
  const auto state = trainer.state();
  std::vector<weightfile::LoraTensor> tensors;
  constexpr std::string_view kA = ".lora_A.weight", kB = ".lora_B.weight";
  for (const tune::StateTensor& t : state) {
    if (t.slot != "weight" || !t.name.ends_with(kA)) continue;
    const std::string module = t.name.substr(0, t.name.size() - kA.size());
    const auto b = std::ranges::find_if(
        state, [&](const tune::StateTensor& s) { return s.slot == "weight" && s.name == module + std::string(kB); });
    tensors.push_back({module, t.shape[1], b->shape[0]});
  }
  return weightfile::write_adapter(
      o.common.out, base.path, l.rank, l.alpha, l.targets, tensors,
      [&](const std::string& name, std::uint64_t first, std::span<float> to) {
        const auto found = std::ranges::find_if(
            state, [&](const tune::StateTensor& s) { return s.slot == "weight" && s.name == name; });
        return trainer.read_state(static_cast<std::size_t>(found - state.begin()), first, to);
      });
}

Result<void> write_summary(const TrainOptions& o, const Chains& c, const TrainRun& run, const tune::Fit& fit,
                           const tune::TrainerInfo& i, double seconds) {
  if (o.common.summary.empty()) return {};
  std::string out;
  json::Writer w(out);
  w.begin_object().member("records", c.records).member("learned", static_cast<std::uint64_t>(c.learn.size()));
  w.member("validated", static_cast<std::uint64_t>(c.validate.size())).key("left_out").begin_object();
  for (const auto& [reason, n] : c.left_out) w.member(reason, n);
  w.end_object().member("steps", fit.place().step).member("total_steps", fit.total_steps());
  if (run.last_step()) w.member("loss", run.last_step()->loss);
  const auto validation = [&](const char* key, const std::optional<metrics::Validation>& v) {
    if (!v) return;
    w.key(key)
        .begin_object()
        .member("step", v->step)
        .member("loss", v->loss)
        .member("token_accuracy", v->token_accuracy);
    w.member("parsed", v->parsed).member("verdict_accuracy", v->verdict_accuracy).end_object();
  };
  validation("first_validation", run.first_validation());
  validation("last_validation", run.last_validation());
  w.member("tokens", run.tokens()).member("step_seconds", run.step_seconds()).member("seconds", seconds);
  w.member("parameters", i.parameters).member("trained", i.trained).member("device", std::string_view(i.device));
  w.member("dtype", std::string_view(i.dtype)).member("isa", std::string_view(i.isa));
  w.member("threads", static_cast<std::int64_t>(i.threads)).member("seed", o.common.seed);
  w.end_object();
  return write_file_atomically(o.common.summary, out + "\n");
}

Result<Exit> dry_run(const TrainOptions& o, const Chains& c, const tune::MemoryPlan& plan) {
  const std::int64_t steps = total_steps(o, c);
  const tune::Schedule s = tune::schedule_of(o.settings, steps);
  std::string out = text(c) + "\n" + tune::describe(o.settings) + tune::table(plan) + "steps      " +
                    std::to_string(steps) + ", warm-up " + std::to_string(s.warmup) + "; rates:";
  for (const std::int64_t at : {std::int64_t{0}, s.warmup, steps / 2, steps - 1})
    out += " " + std::to_string(std::min(at + 1, steps)) + ": " +
           metrics::Record(0).add("r", tune::rate(s, std::min(at, steps - 1))).json().substr(14);
  RM_TRY(cli::print(out + "\n"));
  return c.failed() > 0 ? Exit::kSomeFailed : Exit::kDone;
}

Result<Exit> run(TrainOptions& o) {
  const auto start = std::chrono::steady_clock::now();
  RM_TRY(interpret(o));
  RM_ASSIGN(const Base base, open_base(o));
  RM_ASSIGN(const Chains chains, read_chains(o, base.lexicon));
  tune::PlanRequest request = plan_request(o, chains);
  tune::MemoryPlan plan = tune::plan_memory(base.file->config(), request);
  if (o.common.dry_run) return dry_run(o, chains, plan);
  RM_ASSIGN(const FolderLock lock, lock_folder(o.common.out));
  RM_ASSIGN(const auto found, find_run(o));
  std::optional<Notes> notes;
  if (found) {
    RM_ASSIGN(notes, read_notes(*found));
    request.pass_tokens = notes->pass_tokens;  // as it ran, so that it ends as it would have
    plan = tune::plan_memory(base.file->config(), request);
    plan.kept_layers = notes->kept_layers;
  }
  RM_TRY(tune::check_plan(base.file->config(), request));
  tell(o, text(chains) + "\n" + tune::describe(o.settings) + tune::table(plan));

  tune::TrainerOptions t = trainer_options(o, base.path);
  t.kept_layers = plan.kept_layers;
  RM_ASSIGN(const auto trainer, tune::open_trainer(t));
  TrainRun events(o, chains, base.path, *trainer, plan);
  tune::Fit fit(*trainer, chains.learn, fit_options(o, chains, plan), events);
  std::optional<tune::Place> place;
  if (found) {
    RM_ASSIGN(const auto odd, compare(facts_of(o, chains, base.path, trainer->info()), *found));
    for (const std::string& s : odd) tell(o, s);
    place = tune::Place{found->facts.step, found->facts.epoch, found->facts.position};
    RM_TRY(fit.resume(*place));
    RM_TRY(tune::load_checkpoint(*found, trainer->state(),
                                 [&](std::size_t index, std::uint64_t first, std::span<const float> from) {
                                   return trainer->write_state(index, first, from);
                                 }));
    trainer->set_steps(notes->optimizer_steps);
    tell(o, "goes on from " + found->path + ", step " + std::to_string(place->step) + " of " +
                std::to_string(fit.total_steps()));
  }
  RM_TRY(events.open(place));
  auto done = fit.run();
  RM_TRY(events.close());
  if (!done) return done.error();
  RM_TRY(write_result(o, base, *trainer));
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  RM_TRY(write_summary(o, chains, events, fit, trainer->info(), seconds));
  tell(o, std::to_string(fit.place().step) + " steps in " + format_duration(seconds) + "; the " +
              (o.settings.lora.rank > 0 && !o.merge ? "adapter" : "model") + " is in " + o.common.out);
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
