// RM-R1's figures as the defaults, what a checkpoint's hash hangs on, and how many steps a run has.
#include "lib/rl/settings.h"

#include <doctest/doctest.h>

#include <functional>
#include <set>

using namespace rm;
using namespace rm::rl;

TEST_CASE("the defaults are RM-R1's GRPO as it was run") {
  const RlSettings s;
  CHECK(s.train.batch == 1024);
  CHECK(s.mini_batch == 128);
  CHECK(s.rollouts == 7);
  CHECK(s.temperature == 1);
  CHECK(s.top_p == 1);
  CHECK(s.max_prompt_tokens == 4096);
  CHECK(s.max_tokens == 8192);
  CHECK(s.train.beta1 == 0.9);
  CHECK(s.train.beta2 == 0.999);
  CHECK(s.train.epsilon == 1e-8);
  CHECK(s.train.weight_decay == 0.01);
  CHECK(s.train.lr == 1e-6);
  CHECK(s.train.shape == tune::Shape::kConstant);
  CHECK(s.train.warmup == 0);
  CHECK(s.train.clip == 1.0);
  CHECK(s.train.epochs == 1);
  CHECK(s.train.micro_batch == 4);
  CHECK(s.train.lora.rank == 0);
  CHECK(s.rule.clip_low == 0.2);
  CHECK(s.rule.clip_high == 0.2);
  CHECK(s.rule.dual_clip == 0);
  CHECK(s.rule.kl == 0.001);
  CHECK(s.mean == LossMean::kMicroToken);
  CHECK(s.dynamic == 0);
  CHECK(!s.mask_truncated);
  CHECK(s.correction == 0);
  CHECK(s.reward == "rm-r1");
}

TEST_CASE("every value that decides a run changes its hash, and its length where the rate hangs on it") {
  using Change = std::function<void(RlSettings&)>;
  const std::vector<Change> changes{
      [](RlSettings& s) { s.train.lr = 2e-6; },
      [](RlSettings& s) { s.train.shape = tune::Shape::kLinear; },
      [](RlSettings& s) { s.train.floor = 0.2; },
      [](RlSettings& s) { s.train.warmup = 0.1; },
      [](RlSettings& s) { s.train.weight_decay = 0; },
      [](RlSettings& s) { s.train.beta1 = 0.8; },
      [](RlSettings& s) { s.train.beta2 = 0.99; },
      [](RlSettings& s) { s.train.epsilon = 1e-6; },
      [](RlSettings& s) { s.train.clip = 0; },
      [](RlSettings& s) { s.train.epochs = 2; },
      [](RlSettings& s) { s.train.batch = 512; },
      [](RlSettings& s) { s.train.micro_batch = 1; },
      [](RlSettings& s) { s.train.lora.rank = 8; },
      [](RlSettings& s) { s.train.lora.alpha = 8; },
      [](RlSettings& s) { s.train.lora.targets = {"q_proj"}; },
      [](RlSettings& s) { s.mini_batch = 64; },
      [](RlSettings& s) { s.rollouts = 8; },
      [](RlSettings& s) { s.max_prompt_tokens = 2048; },
      [](RlSettings& s) { s.max_tokens = 4096; },
      [](RlSettings& s) { s.temperature = 0.7; },
      [](RlSettings& s) { s.top_p = 0.9; },
      [](RlSettings& s) { s.rule.clip_low = 0.1; },
      [](RlSettings& s) { s.rule.clip_high = 0.28; },
      [](RlSettings& s) { s.rule.dual_clip = 3; },
      [](RlSettings& s) { s.rule.kl = 0; },
      [](RlSettings& s) { s.mean = LossMean::kToken; },
      [](RlSettings& s) { s.mean = LossMean::kSequence; },
      [](RlSettings& s) { s.mean = LossMean::kSequenceSum; },
      [](RlSettings& s) { s.dynamic = 1; },
      [](RlSettings& s) { s.mask_truncated = true; },
      [](RlSettings& s) { s.correction = 2; },
      [](RlSettings& s) { s.rollout_dtype = "bf16"; },
      [](RlSettings& s) { s.reward = "python3 score.py"; },
      [](RlSettings& s) { s.prompt_id = "1234"; },
  };
  std::set<std::string> seen{settings_hash({})};
  for (std::size_t i = 0; i < changes.size(); ++i) {
    CAPTURE(i);
    RlSettings s;
    changes[i](s);
    CHECK(seen.insert(settings_hash(s)).second);
    CHECK(settings_hash(s) == settings_hash(RlSettings(s)));
  }
  RlSettings longer;
  longer.steps = 100;
  CHECK(settings_hash(longer) == settings_hash({}));
  for (const bool warm : {false, true}) {
    RlSettings s;
    if (warm)
      s.train.warmup = 0.1;
    else
      s.train.shape = tune::Shape::kCosine;
    RlSettings more = s;
    more.steps = 100;
    CHECK(settings_hash(more) != settings_hash(s));
  }
}

TEST_CASE("steps of a run: whole batches of every epoch, up to the batch that reaches the number asked for") {
  struct Row {
    std::int64_t prompts, batch, mini, epochs, steps, each, total;
  };
  for (const Row& r : {
           Row{60'000, 1024, 128, 1, 0, 8, 464},
           Row{1023, 1024, 128, 1, 0, 8, 0},
           Row{1024, 1024, 128, 3, 0, 8, 24},
           Row{10, 4, 2, 2, 0, 2, 8},
           Row{10, 4, 3, 2, 0, 2, 8},  // 3 and 1
           Row{10, 4, 9, 2, 0, 1, 4},  // a mini-batch is no more than a batch
           Row{10, 4, 2, 2, 3, 2, 4},  // to the end of the batch
           Row{10, 4, 2, 2, 4, 2, 4},
           Row{10, 4, 2, 2, 100, 2, 8},
       }) {
    CAPTURE(r.prompts);
    CAPTURE(r.steps);
    RlSettings s;
    s.train.batch = r.batch;
    s.mini_batch = r.mini;
    s.train.epochs = r.epochs;
    s.steps = r.steps;
    CHECK(batches_per_epoch(s, r.prompts) == r.prompts / r.batch);
    CHECK(steps_per_batch(s) == r.each);
    CHECK(total_steps(s, r.prompts) == r.total);
  }
}

TEST_CASE("the plan says what decides the run") {
  RlSettings s;
  const std::string usual = describe(s);
  for (const char* part :
       {"7 of each prompt", "temperature 1", "8,192 tokens", "1,024 prompts, 128 an optimizer step",
        "within 0.8 and 1.2", "penalty 0.001", "micro-token-mean over every 4 rollouts", "AdamW", "1e-06"}) {
    CAPTURE(part);
    CHECK(usual.find(part) != std::string::npos);
  }
  s.rule = {0.2, 0.28, 3, 0};
  s.mean = LossMean::kToken;
  s.mask_truncated = true;
  s.correction = 2;
  s.dynamic = 3;
  s.steps = 1200;
  const std::string other = describe(s);
  for (const char* part : {"0.8 and 1.28", "dual clip 3", "no penalty", "token-mean", "truncated rollouts left out",
                           "sampler up to 2", "up to 3 batches more", "1 epoch, 1,200 steps"}) {
    CAPTURE(part);
    CHECK(other.find(part) != std::string::npos);
  }
  CHECK(other.find("micro") == std::string::npos);
  CHECK(other.ends_with("\n"));
}
