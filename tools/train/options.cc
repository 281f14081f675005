#include "tools/train/options.h"

#include <algorithm>
#include <array>

#include "lib/base/escape.h"
#include "lib/base/number.h"
#include "lib/records/writer.h"
#include "tools/cli/asking.h"
#include "tools/cli/open.h"
#include "tools/cli/report.h"

namespace rm::traincli {
namespace {

using cli::usage;

constexpr std::array<std::string_view, 7> kTargets{"q_proj",    "k_proj",  "v_proj",   "o_proj",
                                                   "gate_proj", "up_proj", "down_proj"};

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

}  // namespace

Result<void> read_optimizer(RunOptions& o, const tune::TrainSettings& recipe) {
  tune::TrainSettings& s = o.settings;
  s = recipe;
  if (o.lr == 0.0) return usage("0 learns nothing; give a rate above 0", "--lr");
  s.lr = o.lr.value_or(s.lr);
  if (!o.schedule.empty()) s.shape = *tune::parse_shape(o.schedule);
  s.warmup = o.warmup.value_or(s.warmup);
  s.weight_decay = o.weight_decay.value_or(s.weight_decay);
  s.clip = o.clip_norm.value_or(s.clip);
  const auto take = [](std::int64_t given, std::int64_t& to) {
    if (given >= 0) to = given;
  };
  take(o.epochs, s.epochs);
  take(o.batch_size, s.batch);
  take(o.micro_batch_size, s.micro_batch);
  return {};
}

Result<void> read_lora(RunOptions& o) {
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

Error needs_validation(const RunOptions& o, const char* flag) {
  return usage(std::string("needs ") + o.words.many + " to validate on; give --val too", flag);
}

Result<void> read_validation(RunOptions& o) {
  if (o.val.empty()) {
    if (o.val_every >= 0) return needs_validation(o, "--val-every");
  } else if (const auto share = parse_double(o.val)) {
    if (*share <= 0 || *share >= 1) {
      return usage("\"" + escape_text(o.val, 60) + "\" is no share between 0 and 1 (a file of that name: ./" +
                       escape_text(o.val, 60) + ")",
                   "--val");
    }
    o.val_share = share;
  } else if (o.val == "-") {
    return usage(std::string("is a file or a share; standard input is for the ") + o.words.many + " to learn", "--val");
  } else {
    o.val_file = o.val;
  }
  o.val_every = std::max<std::int64_t>(0, o.val_every);
  return {};
}

Result<void> read_model(RunOptions& o) {
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

Result<void> read_places(RunOptions& o) {
  const cli::Common& c = o.common;
  o.stops_on_bad = c.on_error == "stop";
  RM_ASSIGN(o.map, records::parse_field_map(c.map));
  if (!c.dry_run && (!c.out_given || c.out.empty())) return usage("name the folder for the model: -o DIR", "-o");
  if (c.out_given && c.out == "-") return usage("is a folder; a model does not go to standard output", "-o");
  const std::string metrics = o.words.metrics;
  if (o.metrics.empty() && metrics == "-") o.metrics = metrics;
  if (o.metrics.empty() && c.out_given) o.metrics = c.out + (c.out.ends_with('/') ? "" : "/") + metrics;
  return c.in == "-" ? cli::refuse_terminal(std::string("give ") + o.words.many + " with -i FILE or a pipe")
                     : Result<void>();
}

tune::TrainerOptions trainer_options(const RunOptions& o, const std::string& model) {
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

void tell(const RunOptions& o, std::string_view lines) {
  if (o.common.quiet) return;
  for (std::size_t at = 0; at < lines.size();) {
    const std::size_t end = std::min(lines.find('\n', at), lines.size());
    cli::warn(o.words.program, lines.substr(at, end - at));
    at = end + 1;
  }
}

Result<void> keep_inputs(const RunOptions& o, const std::vector<Output>& outputs) {
  std::vector<Output> all{{"--metrics", o.metrics}, {"--summary", o.common.summary}};
  all.insert(all.end(), outputs.begin(), outputs.end());
  std::erase_if(all, [](const Output& out) { return out.path.empty(); });
  for (const Output& out : all) {
    if (out.path == "-") continue;
    for (const std::string& in : {o.common.in, o.val_file}) {
      if (!in.empty() && in != "-") RM_TRY(records::refuse_same_file(out.path, in));
    }
  }
  for (std::size_t i = 1; i < all.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (all[i].path == all[j].path)
        return usage(std::string("is the file of ") + all[j].flag + " too; give each its own", all[i].flag);
    }
  }
  return {};
}

}  // namespace rm::traincli
