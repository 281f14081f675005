// The command line of rm-rl: what flags amount to, and which are refused. What it shares with rm-distill train is tested there.
#include "tools/rm-rl/options.h"

#include <doctest/doctest.h>

#include <sstream>

using namespace rm;
using namespace rm::rmrl;

namespace {

struct Line {
  RlOptions options;
  Exit exit = Exit::kDone;
  std::string where, text;  // of what was refused
};

// "--lr 1e-4 --merge" behind -i pairs.jsonl -o rl.
Line read(const std::string& flags) {
  std::vector<std::string> words{"rm-rl", "-i", "pairs.jsonl", "-o", "rl"};
  std::istringstream in(flags);
  for (std::string w; in >> w;) words.push_back(w);
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  Line l;
  cli::Parser p("rm-rl", "", "");
  add_flags(p, l.options);
  const cli::Parsed parsed = p.parse(static_cast<int>(words.size()), argv.data());
  if (!parsed.go_on) return l.exit = parsed.exit, l.text = parsed.text, l;
  const auto done = interpret(l.options);
  if (!done) l.exit = done.error().exit, l.where = done.error().where, l.text = done.error().message;
  return l;
}

rl::RlSettings settings(const RlOptions& o) {
  rl::RlSettings s = o.rl;
  s.train = o.settings;
  return s;
}

}  // namespace

TEST_CASE("without flags a run is the recipe's") {
  for (const char* flags : {"", "--recipe rm-r1"}) {
    const Line l = read(flags);
    REQUIRE(l.exit == Exit::kDone);
    CHECK(rl::settings_hash(settings(l.options)) == rl::settings_hash(rl::RlSettings{}));
    CHECK(l.options.metrics == "-");
    CHECK(l.options.samples_file == "rl/rollouts.jsonl");
    CHECK(l.options.val_every == 0);
    CHECK(oddities(l.options).empty());
  }
  // The figures of the paper, and of its published scripts.
  const rl::RlSettings s = settings(read("").options);
  CHECK(s.train.lr == 1e-6);
  CHECK(s.train.shape == tune::Shape::kConstant);
  CHECK(s.train.warmup == 0);
  CHECK(s.train.weight_decay == 0.01);
  CHECK(s.train.beta1 == 0.9);
  CHECK(s.train.beta2 == 0.999);
  CHECK(s.train.clip == 1);
  CHECK(s.train.epochs == 1);
  CHECK(s.train.batch == 1024);
  CHECK(s.train.micro_batch == 4);
  CHECK(s.mini_batch == 128);
  CHECK(s.rollouts == 7);
  CHECK(s.max_prompt_tokens == 4096);
  CHECK(s.max_tokens == 8192);
  CHECK(s.temperature == 1);
  CHECK(s.top_p == 1);
  CHECK(s.rule.clip_low == 0.2);
  CHECK(s.rule.clip_high == 0.2);
  CHECK(s.rule.dual_clip == 0);
  CHECK(s.rule.kl == 0.001);
  CHECK(s.mean == rl::LossMean::kMicroToken);
  CHECK(s.dynamic == 0);
  CHECK(!s.mask_truncated);
  CHECK(s.correction == 0);
  CHECK(s.reward == "rm-r1");
}

TEST_CASE("flags change the recipe") {
  const Line l = read(
      "--recipe rm-r1 --lr 1e-5 --batch-size 32 --mini-batch-size 16 --micro-batch-size 8 --steps 9 --rollouts 5 "
      "--max-prompt-tokens 0 "
      "--max-tokens 64 --temperature 0.7 --top-p 0.9 --rollout-dtype int8 --kl 0 --clip 0.1 --clip-high 0.28 "
      "--dual-clip 3 "
      "--loss-agg seq-mean-token-sum --dynamic-sampling 2 --mask-truncated --rollout-correction 2 --reward-cmd score "
      "--reward-timeout 5 --form plain --skip-unlabelled --samples-file s.jsonl --metrics m.jsonl");
  REQUIRE(l.exit == Exit::kDone);
  const rl::RlSettings s = settings(l.options);
  CHECK(s.train.lr == 1e-5);
  CHECK(s.train.batch == 32);
  CHECK(s.mini_batch == 16);
  CHECK(s.train.micro_batch == 8);
  CHECK(s.steps == 9);
  CHECK(s.rollouts == 5);
  CHECK(s.max_prompt_tokens == 0);
  CHECK(s.max_tokens == 64);
  CHECK(s.temperature == 0.7);
  CHECK(s.top_p == 0.9);
  CHECK(s.rollout_dtype == "int8");
  CHECK(s.rule.kl == 0);
  CHECK(s.rule.clip_low == 0.1);
  CHECK(s.rule.clip_high == 0.28);
  CHECK(s.rule.dual_clip == 3);
  CHECK(s.mean == rl::LossMean::kSequenceSum);
  CHECK(s.dynamic == 2);
  CHECK(s.mask_truncated);
  CHECK(s.correction == 2);
  CHECK(s.reward == "score");
  CHECK(l.options.reward_timeout == 5.0);
  CHECK(l.options.samples_file == "s.jsonl");
  CHECK(l.options.metrics == "m.jsonl");
}

TEST_CASE("what follows from another flag") {
  CHECK(read("--clip 0.3").options.rl.rule.clip_high == 0.3);
  CHECK(read("--batch-size 16").options.rl.mini_batch == 16);  // the batch where that is less than 128
  CHECK(read("--batch-size 500").options.rl.mini_batch == 128);
  CHECK(read("--batch-size 1 --rollouts 2").exit == Exit::kDone);  // the usual micro-batch of 4 is no contradiction
  CHECK(read("-o rl/").options.samples_file == "rl/rollouts.jsonl");
}

TEST_CASE("what is odd is said, not refused") {
  struct Row {
    const char *flags, *says;
  };
  for (const Row& r : {
           Row{"--temperature 0.7", "--temperature 0.70: what is trained is then not what was sampled from"},
           Row{"--top-p 0.95", "--top-p 0.95: what is trained is then not what was sampled from"},
           Row{"--rollouts 1", "a lone rollout is compared with nothing"},
           Row{"--adapter a", "against the model without the adapter"},
       }) {
    CAPTURE(r.flags);
    const Line l = read(r.flags);
    REQUIRE(l.exit == Exit::kDone);
    const auto said = oddities(l.options);
    REQUIRE(said.size() == 1);
    CHECK(said[0].find(r.says) != std::string::npos);
  }
  CHECK(oddities(read("--adapter a --kl 0").options).empty());
}

TEST_CASE("what contradicts itself is refused, and the flag is named") {
  struct Row {
    const char *flags, *where, *says;
  };
  for (const Row& r : {
           Row{"--batch-size 8 --mini-batch-size 9", "--mini-batch-size", "a batch has (8)"},
           Row{"--mini-batch-size 2 --rollouts 3 --micro-batch-size 7", "--micro-batch-size",
               "an optimizer step has (6)"},
           Row{"--temperature 0", "--temperature", "the same reply"},
           Row{"--top-p 0", "--top-p", "the same reply"},
           Row{"--dual-clip 1", "--dual-clip", "above 1"},
           Row{"--dual-clip 0.5", "--dual-clip", "above 1"},
           Row{"--reward-timeout 5", "--reward-timeout", "--reward-cmd"},
           Row{"--val-every 5", "--val-every", "needs pairs"},
           Row{"--val -", "--val", "for the pairs to learn"},
           Row{"--lora-alpha 16", "--lora-alpha", "--lora-rank"},
           Row{"--adapter a --lora-rank 4", "--lora-rank", "--adapter"},
           Row{"-m a -m b", "-m", "2 are named"},
           Row{"-m http://localhost:8000/v1", "-m", "server"},
           Row{"-o -", "-o", "standard output"},
           Row{"--lr 0", "--lr", "above 0"},
       }) {
    CAPTURE(r.flags);
    const Line l = read(r.flags);
    CHECK(l.exit == Exit::kUsage);
    CHECK(l.where == r.where);
    CAPTURE(l.text);
    CHECK(l.text.find(r.says) != std::string::npos);
  }
}

TEST_CASE("values that are none are refused as they are read") {
  for (const char* flags : {"--recipe grpo",
                            "--rollouts 0",
                            "--rollouts 1.5",
                            "--max-tokens 0",
                            "--temperature -1",
                            "--top-p 1.1",
                            "--kl -1",
                            "--clip 1.5",
                            "--clip nan",
                            "--loss-agg mean",
                            "--rollout-dtype f16",
                            "--steps -1",
                            "--dynamic-sampling -1",
                            "--mini-batch-size 0",
                            "--reward-timeout 0",
                            "--form rubric",
                            "--mask response",
                            "--max-length 5",
                            "--on-error record",
                            "--shard 1/2",
                            "--sync-url x"}) {
    CAPTURE(flags);
    const Line l = read(flags);
    CHECK(l.exit == Exit::kUsage);
    CHECK(!l.text.empty());
  }
}
