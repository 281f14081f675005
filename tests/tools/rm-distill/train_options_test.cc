// The command line of rm-distill train: what flags amount to, and which are refused.
#include "tools/rm-distill/train_options.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

using namespace rm;
using namespace rm::rmdistill;

namespace {

struct Line {
  TrainOptions options;
  Exit exit = Exit::kDone;
  std::string where, text;  // of what was refused
};

// "--lr 1e-4 --merge" behind -i chains.jsonl -o sft.
Line read(const std::string& flags, bool bare = false) {
  std::vector<std::string> words{"train"};
  if (!bare) words.insert(words.end(), {"-i", "chains.jsonl", "-o", "sft"});
  std::istringstream in(flags);
  for (std::string w; in >> w;) words.push_back(w);
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  Line l;
  cli::Parser p("rm-distill train", "", "");
  add_train_flags(p, l.options);
  const cli::Parsed parsed = p.parse(static_cast<int>(words.size()), argv.data());
  if (!parsed.go_on) return l.exit = parsed.exit, l.text = parsed.text, l;
  const auto done = interpret(l.options);
  if (!done) l.exit = done.error().exit, l.where = done.error().where, l.text = done.error().message;
  return l;
}

const std::string kAll = "q_proj,k_proj,v_proj,o_proj,gate_proj,up_proj,down_proj";

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& w : words) out += (out.empty() ? "" : ",") + w;
  return out;
}

}  // namespace

TEST_CASE("without flags a run is the recipe's") {
  const Line plain = read(""), named = read("--recipe rm-r1");
  REQUIRE(plain.exit == Exit::kDone);
  CHECK(tune::settings_hash(plain.options.settings) == tune::settings_hash(*tune::recipe("rm-r1")));
  CHECK(tune::settings_hash(named.options.settings) == tune::settings_hash(plain.options.settings));
  const TrainOptions& o = plain.options;
  CHECK(o.model.empty());
  CHECK(o.metrics == "sft/metrics.jsonl");
  CHECK(o.val_file.empty());
  CHECK(!o.val_share);
  CHECK(o.val_every == 0);
  CHECK(o.val_generate == 0);
  CHECK(o.save_every == 20);
  CHECK(o.keep == 2);
  CHECK(o.pass_tokens == 0);
  CHECK(!o.stops_on_bad);
  CHECK(!o.resume);
}

TEST_CASE("flags change the recipe, whichever comes first") {
  for (const char* flags :
       {"--recipe rm-r1 --lr 1e-4 --schedule linear --warmup 0.1 --weight-decay 0.01 --clip-norm 0 --epochs 3 "
        "--batch-size 16 "
        "--micro-batch-size 4 --max-length 0 --mask header",
        "--lr 1e-4 --schedule linear --warmup 0.1 --weight-decay 0.01 --clip-norm 0 --epochs 3 --batch-size 16 "
        "--micro-batch-size 4 --max-length 0 --mask header --recipe rm-r1"}) {
    const Line l = read(flags);
    REQUIRE(l.exit == Exit::kDone);
    const tune::TrainSettings& s = l.options.settings;
    CHECK(s.lr == 1e-4);
    CHECK(s.shape == tune::Shape::kLinear);
    CHECK(s.warmup == 0.1);
    CHECK(s.weight_decay == 0.01);
    CHECK(s.clip == 0);
    CHECK(s.epochs == 3);
    CHECK(s.batch == 16);
    CHECK(s.micro_batch == 4);
    CHECK(s.max_length == 0);
    CHECK(s.mask == tune::Mask::kHeader);
    CHECK(s.beta2 == 0.95);
  }
}

TEST_CASE("LoRA's values and what they are by default") {
  struct Row {
    const char* flags;
    std::int64_t rank;
    double alpha;
    std::string targets;
  };
  for (const Row& r : {
           Row{"", 0, 0, ""}, Row{"--lora-rank 16", 16, 32, kAll},
           Row{"--lora-rank 8 --lora-alpha 4.5 --merge", 8, 4.5, kAll},
           Row{"--lora-rank 8 --lora-targets v_proj,q_proj,v_proj", 8, 16, "q_proj,v_proj"},  // a set, in one order
       }) {
    CAPTURE(r.flags);
    const Line l = read(r.flags);
    REQUIRE(l.exit == Exit::kDone);
    CHECK(l.options.settings.lora.rank == r.rank);
    CHECK(l.options.settings.lora.alpha == r.alpha);
    CHECK(joined(l.options.settings.lora.targets) == r.targets);
  }
}

TEST_CASE("validation is a file or a share, and its flags") {
  struct Row {
    const char *flags, *file;
    std::optional<double> share;
    std::int64_t every, generate;
  };
  for (const Row& r : {
           Row{"--val 0.1", "", 0.1, 0, 0},
           Row{"--val 1e-2 --val-every 5", "", 0.01, 5, 0},
           Row{"--val held.jsonl --val-generate 100", "held.jsonl", {}, 0, 100},
           Row{"--val ./1.5", "./1.5", {}, 0, 0},
       }) {
    CAPTURE(r.flags);
    const Line l = read(r.flags);
    REQUIRE(l.exit == Exit::kDone);
    CHECK(l.options.val_file == r.file);
    CHECK(l.options.val_share == r.share);
    CHECK(l.options.val_every == r.every);
    CHECK(l.options.val_generate == r.generate);
  }
}

TEST_CASE("places, and what the trainer is opened with") {
  const Line l = read(
      "-o sft/ -m base --seed 7 --threads 3 --deterministic --device cuda:1 --dtype bf16 --weight-decay 0.5 "
      "--lora-rank 4 --map response=.x.text --on-error stop --tensorboard tb --resume --keep 0 --pass-tokens 9");
  REQUIRE(l.exit == Exit::kDone);
  const TrainOptions& o = l.options;
  CHECK(o.metrics == "sft/metrics.jsonl");
  CHECK(o.model == "base");
  CHECK(o.stops_on_bad);
  CHECK(o.resume);
  CHECK(o.keep == 0);
  CHECK(o.pass_tokens == 9);
  CHECK(o.tensorboard == "tb");
  CHECK(o.map.at("response") == std::vector<std::string>{"x", "text"});
  const tune::TrainerOptions t = trainer_options(o, "base");
  CHECK(t.model == "base");
  CHECK(t.device == "cuda:1");
  CHECK(t.dtype == "bf16");
  CHECK(t.threads == 3);
  CHECK(t.seed == 7);
  CHECK(t.deterministic);
  CHECK(t.lora.rank == 4);
  CHECK(t.weight_decay == 0.5);
  CHECK(t.beta1 == 0.9);
  CHECK(read("--metrics -").options.metrics == "-");
  CHECK(read("--dry-run -i chains.jsonl", true).exit == Exit::kDone);  // writes nothing, needs no folder
}

TEST_CASE("what contradicts itself is refused, and the flag is named") {
  struct Row {
    const char *flags, *where, *says;
  };
  for (const Row& r : {
           Row{"--lora-alpha 16", "--lora-alpha", "--lora-rank"},
           Row{"--lora-targets q_proj", "--lora-targets", "--lora-rank"},
           Row{"--merge", "--merge", "--lora-rank"},
           Row{"--lora-rank 8 --lora-alpha 0", "--lora-alpha", "above 0"},
           Row{"--lora-rank 8 --lora-targets q_proj,lm_head", "--lora-targets", "\"lm_head\""},
           Row{"--lora-rank 8 --lora-targets q_proj,", "--lora-targets", "\"\""},
           Row{"--lora-rank 8 --lora-targets Q_PROJ", "--lora-targets", "down_proj"},
           Row{"--val 1.5", "--val", "./1.5"},
           Row{"--val 0", "--val", "between 0 and 1"},
           Row{"--val 1", "--val", "between 0 and 1"},
           Row{"--val -", "--val", "standard input"},
           Row{"--val-every 5", "--val-every", "--val"},
           Row{"--val-generate 5", "--val-generate", "--val"},
           Row{"--val-generate 0", "--val-generate", "--val"},
           Row{"--lr 0", "--lr", "above 0"},
           Row{"--batch-size 4 --micro-batch-size 5", "--micro-batch-size", "a batch has (4)"},
           Row{"-m a -m b", "-m", "2 are named"},
           Row{"-m http://localhost:8000/v1", "-m", "server"},
           Row{"--device gpu", "--device", "cuda:N"},
           Row{"--device cuda:", "--device", "cuda:N"},
           Row{"--device cuda:x", "--device", "cuda:N"},
           Row{"-o -", "-o", "standard output"},
           Row{"--map winer=.x", "--map", "winer"},
       }) {
    CAPTURE(r.flags);
    const Line l = read(r.flags);
    CHECK(l.exit == Exit::kUsage);
    CHECK(l.where == r.where);
    CAPTURE(l.text);
    CHECK(l.text.find(r.says) != std::string::npos);
  }
  const Line nowhere = read("-i chains.jsonl", true);
  CHECK(nowhere.exit == Exit::kUsage);
  CHECK(nowhere.where == "-o");
}

TEST_CASE("values that are none are refused as they are read") {
  for (const char* flags :
       {"--recipe grpo", "--schedule step", "--mask all", "--dtype int8", "--lr 2", "--lr fast", "--warmup 1.1",
        "--epochs 0", "--epochs 1.5", "--batch-size 0", "--max-length -1", "--lora-rank 0", "--keep -1",
        "--pass-tokens 0", "--on-error record", "--clip 1", "--shard 1/2"}) {
    CAPTURE(flags);
    const Line l = read(flags);
    CHECK(l.exit == Exit::kUsage);
    CHECK(!l.text.empty());
  }
}

TEST_CASE("a model may stand in a list of one") {
  char name[] = "/tmp/rm-train-models-XXXXXX";
  const int file = mkstemp(name);
  REQUIRE(file >= 0);
  close(file);
  std::ofstream(name) << "# the base\nbase.gguf\n";
  CHECK(read("-m @" + std::string(name)).options.model == "base.gguf");
  std::ofstream(name) << "one\ntwo\n";
  CHECK(read("-m @" + std::string(name)).where == "-m");
  unlink(name);
}
