#include "tools/rm-distill/train_options.h"

#include <algorithm>

#include "tools/cli/report.h"

namespace rm::rmdistill {
namespace {

using cli::usage;

constexpr std::int64_t kMany = 1'000'000'000;

Result<void> read_settings(TrainOptions& o) {
  tune::TrainSettings& s = o.settings;
  RM_TRY(traincli::read_optimizer(o, *tune::recipe("rm-r1")));
  if (!o.mask.empty()) s.mask = *tune::parse_mask(o.mask);
  if (o.max_length >= 0) s.max_length = o.max_length;
  if (s.micro_batch > s.batch) {
    return usage(std::to_string(s.micro_batch) + " chains are more than a batch has (" + std::to_string(s.batch) + ")",
                 "--micro-batch-size");
  }
  return {};
}

}  // namespace

const traincli::Words kTrainWords{
    .program = "rm-distill",
    .command = "rm-distill train",
    .one = "chain",
    .many = "chains",
    .metrics = "metrics.jsonl",
    .help = {
        .lr = "Highest learning rate (default 5e-6)",
        .schedule = "How the rate falls: to a tenth of it (default), to 0, not at all",
        .warmup = "Share of the steps over which the rate rises from 0 (default 0.03)",
        .weight_decay = "Decoupled weight decay (default 0)",
        .epochs = "Times that every chain is learned (default 1)",
        .batch_size = "Chains of an optimizer step (default 128)",
        .micro_batch_size = "Chains that share one mean over tokens (default 1)",
        .val = "Chains to validate on: a file, or this share of the prompts, which is held out",
        .metrics = "Write a JSON line a step to FILE; - is standard output (default DIR/metrics.jsonl)",
        .pass_tokens = "Tokens that run at once (default: what memory holds, at most 8192 or the longest chain)",
        .in = "Read chains from FILE; - is standard input (default), zstd and gzip are recognised",
        .map = "Read our fields from other places, e.g. response=.x.text",
        .on_error = "A record that is no chain is left out (default), or ends the run",
        .seed = "Seed of the order of chains and of LoRA's first values (default 0)",
        .dry_run = "Read everything, print counts, memory and schedule; load no weights",
    }};

void add_train_flags(cli::Parser& p, TrainOptions& o) {
  traincli::add_optimizer(p, o);
  p.integer("--max-length", "TOKENS", o.max_length, 0, kMany, "Leave out longer chains; 0: none (default 12288)")
      .choice("--mask", {"response", "header"}, o.mask,
              "Learn the response (default), or what opens the assistant's turn too");
  traincli::add_lora(p, o);
  p.group("Validation, checkpoints, metrics");
  traincli::add_validation(p, o);
  p.integer("--val-generate", "N", o.val_generate, 0, kMany,
            "Let the model judge N of the chains to validate on, for the share of right verdicts (default 0)");
  traincli::add_checkpoints(p, o);
  traincli::add_model(p, o);
  traincli::add_records(p, o);
}

Result<void> interpret(TrainOptions& o) {
  RM_TRY(read_settings(o));
  RM_TRY(traincli::read_lora(o));
  RM_TRY(traincli::read_validation(o));
  if (o.val.empty() && o.val_generate >= 0) return traincli::needs_validation(o, "--val-generate");
  o.val_generate = std::max<std::int64_t>(0, o.val_generate);
  RM_TRY(traincli::read_model(o));
  return traincli::read_places(o);
}

}  // namespace rm::rmdistill
