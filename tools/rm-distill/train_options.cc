#include "tools/rm-distill/train_options.h"

#include <algorithm>
#include <array>

#include "lib/base/escape.h"
#include "lib/base/number.h"
#include "tools/cli/asking.h"
#include "tools/cli/open.h"
#include "tools/cli/report.h"

namespace rm::rmdistill {
namespace {

using cli::usage;

constexpr std::int64_t kMany = 1'000'000'000;
constexpr std::array<std::string_view, 7> kTargets{"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                                   "gate_proj", "up_proj", "down_proj"};

void add_training(cli::Parser& p, TrainOptions& o) {
  p.group("Training")
      .choice("--recipe", {"rm-r1"}, o.recipe,
              "Train as RM-R1 was; flags that are given change it (these are the defaults too)")
      .real("--lr", "RATE", o.lr, 0, 1, "Highest learning rate (default 5e-6)")
      .choice("--schedule", {"cosine", "linear", "constant"}, o.schedule,
              "How the rate falls: to a tenth of it (default), to 0, not at all")
      .real("--warmup", "SHARE", o.warmup, 0, 1, "Share of the steps over which the rate rises from 0 (default 0.03)")
      .real("--weight-decay", "X", o.weight_decay, 0, 10, "Decoupled weight decay (default 0)")
      .real("--clip-norm", "X", o.clip_norm, 0, 1e6, "Shorten gradients to this norm; 0: never (default 1)")
      .integer("--epochs", "N", o.epochs, 1, 100'000, "Times that every chain is learned (default 1)")
      .integer("--batch-size", "N", o.batch_size, 1, kMany, "Chains of an optimizer step (default 128)")
      .integer("--micro-batch-size", "N", o.micro_batch_size, 1, kMany,
               "Chains that share one mean over tokens (default 1)")
      .integer("--max-length", "TOKENS", o.max_length, 0, kMany, "Leave out longer chains; 0: none (default 12288)")
      .choice("--mask", {"response", "header"}, o.mask,
              "Learn the response (default), or what opens the assistant's turn too");
  p.group("LoRA")
      .integer("--lora-rank", "N", o.lora_rank, 1, 65536, "Train LoRA matrices of this rank instead of every weight")
      .real("--lora-alpha", "X", o.lora_alpha, 0, 1e6, "Scale of the update, over the rank (default twice the rank)")
      .text("--lora-targets", "NAME,...", o.lora_targets,
            "Matrices that get one: of q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj (default all)")
      .text("--adapter", "DIR", o.adapter, "Go on with this adapter (PEFT folder): its rank, scale and targets")
      .flag("--merge", o.merge, "Write the whole model, the update added, and not an adapter");
}

void add_run(cli::Parser& p, TrainOptions& o) {
  p.group("Validation, checkpoints, metrics")
      .text("--val", "FILE|FRACTION", o.val,
            "Chains to validate on: a file, or this share of the prompts, which is held out")
      .integer("--val-every", "N", o.val_every, 0, kMany, "Validate every N steps; 0: at the end alone (default)")
      .integer("--val-generate", "N", o.val_generate, 0, kMany,
               "Let the model judge N of the chains to validate on, for the share of right verdicts (default 0)")
      .integer("--save-every", "N", o.save_every, 0, kMany,
               "Save a checkpoint every N steps; 0: at the end alone (default 20)")
      .integer("--keep", "N", o.keep, 0, kMany, "Keep the newest N checkpoints; 0: all (default 2)")
      .flag("--resume", o.resume, "Go on from the newest checkpoint in the folder; where there is none, begin")
      .text("--metrics", "FILE", o.metrics,
            "Write a JSON line a step to FILE; - is standard output (default DIR/metrics.jsonl)")
      .text("--tensorboard", "DIR", o.tensorboard, "Write event files for TensorBoard too");
  p.group("Model")
      .texts("-m,--model", "PATH", o.models,
             "The model to begin from: a folder or .gguf file (default: the default model)")
      .text("--chat", "FILE", o.chat, "Chat template of a JSON file, where the model's own is not known")
      .text("--device", "auto|cpu|cuda[:N]", o.device, "Where to train")
      .choice("--dtype", {"auto", "f32", "bf16"}, o.dtype, "Arithmetic of the matrices; what is trained is f32 always")
      .integer("--threads", "N", o.threads, 0, 4096, "CPU threads (default: one a core)")
      .flag("--deterministic", o.deterministic, "The same bits in every run with the same threads and instruction set")
      .integer("--pass-tokens", "N", o.pass_tokens, 1, std::int64_t{1} << 26,
               "Tokens that run at once (default: what memory holds, at most 8192 or the longest chain)");
}

void add_records(cli::Parser& p, TrainOptions& o) {
  cli::Common& c = o.common;
  p.group("Records")
      .text("-i,--in", "FILE", c.in,
            "Read chains from FILE; - is standard input (default), zstd and gzip are recognised", &c.in_given)
      .text("-o,--out", "DIR", c.out, "Folder for the model and its checkpoints", &c.out_given)
      .text("--map", "FIELD=.PATH,...", c.map, "Read our fields from other places, e.g. response=.x.text")
      .choice("--on-error", {"skip", "stop"}, c.on_error,
              "A record that is no chain is left out (default), or ends the run")
      .unsigned_integer("--seed", "N", c.seed, "Seed of the order of chains and of LoRA's first values (default 0)")
      .text("--summary", "FILE", c.summary, "Write counts and figures of the run to FILE as JSON")
      .flag("--dry-run", c.dry_run, "Read everything, print counts, memory and schedule; load no weights")
      .flag("--quiet", c.quiet, "No progress and no messages except the one that ends the program")
      .choice("--color", {"auto", "always", "never"}, c.color, "Colour at the terminal; NO_COLOR is honoured");
}

Result<void> read_settings(TrainOptions& o) {
  tune::TrainSettings& s = o.settings;
  s = *tune::recipe("rm-r1");
  if (o.lr == 0.0) return usage("0 learns nothing; give a rate above 0", "--lr");
  s.lr = o.lr.value_or(s.lr);
  if (!o.schedule.empty()) s.shape = *tune::parse_shape(o.schedule);
  s.warmup = o.warmup.value_or(s.warmup);
  s.weight_decay = o.weight_decay.value_or(s.weight_decay);
  s.clip = o.clip_norm.value_or(s.clip);
  if (!o.mask.empty()) s.mask = *tune::parse_mask(o.mask);
  const auto take = [](std::int64_t given, std::int64_t& to) {
    if (given >= 0) to = given;
  };
  take(o.epochs, s.epochs);
  take(o.batch_size, s.batch);
  take(o.micro_batch_size, s.micro_batch);
  take(o.max_length, s.max_length);
  if (s.micro_batch > s.batch) {
    return usage(std::to_string(s.micro_batch) + " chains are more than a batch has (" + std::to_string(s.batch) + ")",
                 "--micro-batch-size");
  }
  return {};
}

// In the order of kTargets, each once, so that equal sets are equal settings.
Result<std::vector<std::string>> read_targets(const std::string& list) {
  std::array<bool, kTargets.size()> chosen{};
  std::string known;
  for (const std::string_view t : kTargets) known += (known.empty() ? "" : ", ") + std::string(t);
  for (std::size_t at = 0; at <= list.size();) {
    const std::size_t end = std::min(list.find(',', at), list.size());
    const std::string name = list.substr(at, end - at);
    const auto found = std::ranges::find(kTargets, name);
    if (found == kTargets.end())
      return usage("\"" + escape_text(name, 60) + "\" is no matrix of a layer; they are " + known, "--lora-targets");
    chosen[static_cast<std::size_t>(found - kTargets.begin())] = true;
    at = end + 1;
  }
  std::vector<std::string> out;
  for (std::size_t i = 0; i < kTargets.size(); ++i) {
    if (chosen[i]) out.emplace_back(kTargets[i]);
  }
  return out;
}

Result<void> read_lora(TrainOptions& o) {
  tune::LoraOptions& l = o.settings.lora;
  if (!o.adapter.empty()) {  // the folder says the rest
    constexpr const char* kWhy = "is what the folder of --adapter says; leave it out";
    if (o.lora_rank >= 0) return usage(kWhy, "--lora-rank");
    if (o.lora_alpha) return usage(kWhy, "--lora-alpha");
    return o.lora_targets.empty() ? Result<void>() : usage(kWhy, "--lora-targets");
  }
  if (o.lora_rank < 0) {
    constexpr const char* kWhy = "is for LoRA; give --lora-rank too";
    if (o.lora_alpha) return usage(kWhy, "--lora-alpha");
    if (!o.lora_targets.empty()) return usage(kWhy, "--lora-targets");
    if (o.merge) return usage(kWhy, "--merge");
    return {};
  }
  if (o.lora_alpha == 0.0) return usage("0 changes nothing; give a scale above 0", "--lora-alpha");
  l.rank = o.lora_rank;
  l.alpha = o.lora_alpha.value_or(2 * static_cast<double>(l.rank));
  l.targets.assign(kTargets.begin(), kTargets.end());
  if (o.lora_targets.empty()) return {};
  RM_ASSIGN(l.targets, read_targets(o.lora_targets));
  return {};
}

Result<void> read_validation(TrainOptions& o) {
  if (o.val.empty()) {
    constexpr const char* kWhy = "needs chains to validate on; give --val too";
    if (o.val_every >= 0) return usage(kWhy, "--val-every");
    if (o.val_generate >= 0) return usage(kWhy, "--val-generate");
  } else if (const auto share = parse_double(o.val)) {
    if (*share <= 0 || *share >= 1) {
      return usage("\"" + escape_text(o.val, 60) + "\" is no share between 0 and 1 (a file of that name: ./" +
                       escape_text(o.val, 60) + ")",
                   "--val");
    }
    o.val_share = share;
  } else if (o.val == "-") {
    return usage("is a file or a share; standard input is for the chains to learn", "--val");
  } else {
    o.val_file = o.val;
  }
  o.val_every = std::max<std::int64_t>(0, o.val_every);
  o.val_generate = std::max<std::int64_t>(0, o.val_generate);
  return {};
}

Result<void> read_model(TrainOptions& o) {
  RM_ASSIGN(const std::vector<std::string> models, cli::expand_models(o.models));
  if (models.size() > 1) return usage("one model is trained; " + std::to_string(models.size()) + " are named", "-m");
  if (!models.empty()) o.model = models.front();
  if (cli::is_url(o.model)) {
    return usage("a server's model cannot be trained from here; give a model folder or a .gguf file", "-m");
  }
  const std::string& d = o.device;
  const bool cuda_n = d.starts_with("cuda:") && parse_unsigned(d.substr(5)).has_value();
  if (d == "auto" || d == "cpu" || d == "cuda" || cuda_n) return {};
  return usage("\"" + escape_text(d, 60) + "\" is not auto, cpu, cuda or cuda:N", "--device");
}

Result<void> read_places(TrainOptions& o) {
  const cli::Common& c = o.common;
  o.stops_on_bad = c.on_error == "stop";
  RM_ASSIGN(o.map, records::parse_field_map(c.map));
  if (!c.dry_run && (!c.out_given || c.out.empty())) return usage("name the folder for the model: -o DIR", "-o");
  if (c.out_given && c.out == "-") return usage("is a folder; a model does not go to standard output", "-o");
  if (o.metrics.empty() && c.out_given) o.metrics = c.out + (c.out.ends_with('/') ? "" : "/") + "metrics.jsonl";
  return c.in == "-" ? cli::refuse_terminal("give chains with -i FILE or a pipe") : Result<void>();
}

}  // namespace

void add_train_flags(cli::Parser& p, TrainOptions& o) {
  add_training(p, o);
  add_run(p, o);
  add_records(p, o);
}

Result<void> interpret(TrainOptions& o) {
  RM_TRY(read_settings(o));
  RM_TRY(read_lora(o));
  RM_TRY(read_validation(o));
  RM_TRY(read_model(o));
  return read_places(o);
}

tune::TrainerOptions trainer_options(const TrainOptions& o, const std::string& model) {
  const tune::TrainSettings& s = o.settings;
  tune::TrainerOptions t;
  t.model = model;
  t.device = o.device;
  t.dtype = o.dtype;
  t.threads = static_cast<int>(o.threads);
  t.seed = o.common.seed;
  t.deterministic = o.deterministic;
  t.lora = s.lora;
  t.beta1 = s.beta1;
  t.beta2 = s.beta2;
  t.epsilon = s.epsilon;
  t.weight_decay = s.weight_decay;
  return t;
}

}  // namespace rm::rmdistill
