// The flags of options.h, in the order of --help.
#include "tools/rm-rl/options.h"

namespace rm::rmrl {
namespace {

constexpr std::int64_t kMany = 1'000'000'000;

void add_rollouts(cli::Parser& p, RlOptions& o) {
  p.group("Rollouts")
      .integer("--rollouts", "N", o.rollouts, 1, 65536, "Replies written to each prompt (default 7)")
      .integer("--max-prompt-tokens", "N", o.max_prompt_tokens, 0, kMany,
               "Leave out longer prompts; 0: none (default 4096)")
      .integer("--max-tokens", "N", o.max_tokens, 1, kMany, "Longest reply (default 8192)")
      .real("--temperature", "T", o.temperature, 0, 100,
            "Of sampling; anything but 1 trains what was not sampled (default 1)")
      .real("--top-p", "P", o.top_p, 0, 1, "Sample from the most likely tokens that hold P (default 1)")
      .choice("--rollout-dtype", {"auto", "f32", "bf16", "int8"}, o.rollout_dtype,
              "Write with the very tensors that are trained (auto, default), or with a copy of this type each batch");
}

void add_loss(cli::Parser& p, RlOptions& o) {
  p.group("GRPO")
      .real("--kl", "X", o.kl, 0, 1000, "Weight of the penalty for leaving the model it began with (default 0.001)")
      .real("--clip", "X", o.clip, 0, 1, "The ratio counts within 1 - X and 1 + X (default 0.2)")
      .real("--clip-high", "X", o.clip_high, 0, 1000, "Another X for 1 + X (default that of --clip)")
      .real("--dual-clip", "X", o.dual_clip, 0, 1000,
            "Bound the loss of a bad rollout at X times its advantage; 0: not (default)")
      .choice("--loss-agg", {"micro-token-mean", "token-mean", "seq-mean-token-mean", "seq-mean-token-sum"}, o.loss_agg,
              "How tokens become one number (default micro-token-mean)")
      .integer("--dynamic-sampling", "N", o.dynamic_sampling, 0, 1000,
               "Replace groups of equal rewards, from up to N more batches of prompts (default 0)")
      .flag("--mask-truncated", o.mask_truncated, "Learn nothing from replies cut at --max-tokens")
      .real("--rollout-correction", "CAP", o.rollout_correction, 0, 1000,
            "Weigh tokens by what trainer and sampler make of them, at most CAP; 0: not (default)");
  p.group("Rewards")
      .text("--reward-cmd", "CMD", o.reward_cmd,
            "Ask this program for rewards, JSON lines in and out (default RM-R1's rule)")
      .real("--reward-timeout", "SECONDS", o.reward_timeout, 0.001, 1e6,
            "Longest silence of that program (default 60)");
}

}  // namespace

const traincli::Words kWords{
    .program = "rm-rl",
    .command = "rm-rl",
    .one = "pair",
    .many = "pairs",
    .metrics = "-",
    .help = {
        .lr = "Learning rate (default 1e-6; RM-R1: 7B 1e-6, 14B 7e-7, 32B 5e-7, distilled 32B 8e-7)",
        .schedule = "How the rate falls: to a tenth of it, to 0, not at all (default)",
        .warmup = "Share of the steps over which the rate rises from 0 (default 0)",
        .weight_decay = "Decoupled weight decay (default 0.01)",
        .epochs = "Times that every pair is judged (default 1)",
        .batch_size = "Prompts that rollouts are written to before any of them is learned (default 1024)",
        .micro_batch_size = "Rollouts that share one mean over tokens (default 4)",
        .val = "Pairs to validate on, in both orders: a file, or this share of the prompts, which is held out",
        .metrics = "Write a JSON line a step to FILE; - is standard output (default)",
        .pass_tokens = "Tokens that run at once (default: what memory holds, at most 8192 or the longest rollout)",
        .in = "Read labelled pairs from FILE; - is standard input (default), zstd and gzip are recognised",
        .map = "Read our fields from other places, e.g. prompt=.x,chosen=.y.text",
        .on_error = "A record that is no pair is left out (default), or ends the run",
        .seed = "Seed of orders, rollouts and LoRA's first values (default 0)",
        .dry_run = "Read everything, print counts, memory and steps; load no weights",
    }};

void add_flags(cli::Parser& p, RlOptions& o) {
  traincli::add_optimizer(p, o);
  p.integer("--mini-batch-size", "N", o.mini_batch_size, 1, kMany,
            "Prompts of an optimizer step (default 128, or the batch if that is less)")
      .integer("--steps", "N", o.steps, 0, kMany,
               "End with the batch that comes to N optimizer steps (default 0: whole epochs)");
  add_rollouts(p, o);
  add_loss(p, o);
  traincli::add_lora(p, o);
  p.group("Validation, checkpoints, metrics");
  traincli::add_validation(p, o);
  traincli::add_checkpoints(p, o);
  p.text("--samples-file", "FILE", o.samples_file,
         "Write some rollouts of each batch to FILE as JSON lines (default DIR/rollouts.jsonl)");
  traincli::add_model(p, o);
  p.group("Pairs")
      .choice("--form", {"cor", "plain"}, o.form,
              "Chain of rubrics, or one plain turn for reasoning models (default: by the model)")
      .text("--prompt", "FILE", o.prompt, "Judge with the prompt set of a JSON file")
      .flag("--skip-unlabelled", o.skip_unlabelled, "Leave out pairs without a winner, and ties");
  traincli::add_records(p, o);
}

}  // namespace rm::rmrl
