// Every figure here was worked out by hand from the shapes; the numbers of parameters of the real models are those published.
#include "lib/tune/plan.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace rm;
using namespace rm::tune;

namespace {

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

weightfile::ModelConfig tiny() {
  weightfile::ModelConfig c;
  c.layers = 2, c.hidden = 8, c.heads = 2, c.kv_heads = 1, c.head_dim = 4, c.ffn = 16, c.vocab = 32, c.context = 64;
  c.tied = true;
  c.qkv_bias = true;
  return c;
}

weightfile::ModelConfig qwen(std::int64_t hidden, std::int64_t heads, std::int64_t kv, std::int64_t ffn,
                             std::int64_t vocab, bool tied) {
  weightfile::ModelConfig c;
  c.layers = 28, c.hidden = hidden, c.heads = heads, c.kv_heads = kv, c.head_dim = 128, c.ffn = ffn, c.vocab = vocab;
  c.context = 32768;
  c.tied = tied;
  c.qkv_bias = true;
  return c;
}
weightfile::ModelConfig qwen_7b() { return qwen(3584, 28, 4, 18944, 152064, false); }
weightfile::ModelConfig qwen_1_5b() { return qwen(1536, 12, 2, 8960, 151936, true); }

std::uint64_t bytes(const MemoryPlan& p, const std::string& name) {
  for (const PlanRow& r : p.rows) {
    if (r.name == name) return r.bytes;
  }
  return 0;
}

PlanRequest asking(bool bf16, LoraOptions lora = {}) {
  PlanRequest r;
  r.bf16 = bf16;
  r.lora = std::move(lora);
  r.longest = 10;
  r.pass_tokens = 100;
  return r;
}

const LoraOptions kSmallLora{2, 4, {"q_proj", "down_proj"}};

}  // namespace

TEST_CASE("a tiny model's plan is what its shapes add up to") {
  // Matrices: embedding 256; a layer: q 64, k 32, v 32, o 64, gate, up and down 128 each: 576. In all 1,408.
  // Vectors: a layer: two norms 16, biases 16; the last norm 8. In all 72. LoRA of rank 2: q 2 (8 + 8), down 2 (16 + 8), twice: 160.
  // A token: X = 16, A = 8. Inputs 3 x 8 x 4 = 96. Held in bf16: 32 + 96 + 24 + 64 + 96 = 312, gradients 48 + 112 = 160 (attention
  // is the worse); in f32: 64 + 128 + 40 + 64 + 192 = 488 and 64 + 192 = 256 (the feed-forward part is).
  struct Row {
    PlanRequest ask;
    std::uint64_t trained, weights, masters, moments, one_gradient, inputs, layer, gradients;
  };
  for (const Row& r : {
           Row{asking(true), 1480, 2816, 5920, 11840, 512, 9600, 31200, 16000},
           Row{asking(false), 1480, 0, 5920, 11840, 0, 9600, 48800, 25600},
           Row{asking(true, kSmallLora), 160, 2816 + 288 + 320, 640, 1280, 64, 9600, 31200, 16000},
           Row{asking(false, kSmallLora), 160, 5920, 640, 1280, 0, 9600, 48800, 25600},
       }) {
    const MemoryPlan p = plan_memory(tiny(), r.ask);
    const bool lora = r.ask.lora.rank > 0;
    CAPTURE(table(p));
    CHECK(p.parameters == 1480 + (lora ? 160 : 0));
    CHECK(p.trained == r.trained);
    CHECK(bytes(p, "weights") == r.weights);
    CHECK(bytes(p, lora ? "LoRA matrices" : "masters") == r.masters);
    CHECK(bytes(p, "gradients") == r.masters);
    CHECK(bytes(p, "moments") == r.moments);
    CHECK(bytes(p, "one gradient") == r.one_gradient);
    CHECK(bytes(p, "logits") == 512 * 32 * 12);
    CHECK(bytes(p, "layer inputs") == r.inputs);
    CHECK(bytes(p, "one layer") == r.layer);
    CHECK(bytes(p, "its gradients") == r.gradients);
    CHECK(p.a_token * 100 == r.inputs + r.layer + r.gradients);
    CHECK(p.total == r.weights + 2 * r.masters + r.moments + r.one_gradient + 196608 + p.a_token * 100);
    CHECK(p.fixed + p.a_token * 100 == p.total);
    CHECK(p.fits());  // nobody said what is free
    CHECK(p.kept_layers == 0);
  }
}

TEST_CASE("parameters of real models, and 16 bytes of state for each of them") {
  struct Row {
    weightfile::ModelConfig config;
    std::uint64_t parameters;
  };
  for (const Row& r : {Row{qwen_7b(), 7615616512}, Row{qwen_1_5b(), 1543714304}}) {
    const MemoryPlan p = plan_memory(r.config, asking(true));
    CHECK(p.parameters == r.parameters);
    CHECK(bytes(p, "masters") + bytes(p, "gradients") + bytes(p, "moments") == 16 * r.parameters);
  }
}

TEST_CASE("an H100 holds all of 1.5B, LoRA of 7B, and refuses all of 7B with what would do") {
  PlanRequest r;
  r.free_bytes = 79 * kGiB;
  r.longest = 12288;
  CHECK(check_plan(qwen_1_5b(), r).ok());
  const auto refused = check_plan(qwen_7b(), r);
  REQUIRE(!refused.ok());
  CHECK(refused.error().exit == Exit::kResources);
  CHECK(refused.error().reason == "no_memory");
  const std::string& says = refused.error().message;
  CAPTURE(says);
  for (const char* part :
       {"12,288 tokens", "of 79.0 GiB that are free", "75.1 GiB can be used", "--lora-rank 16 needs "})
    CHECK(says.find(part) != std::string::npos);
  CHECK(says.find("--max-length") == std::string::npos);  // shorter chains alone do not help
  r.lora = {16, 32, {"q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"}};
  CHECK(check_plan(qwen_7b(), r).ok());
  r.free_bytes = kGiB;
  const auto hopeless = check_plan(qwen_7b(), r);
  REQUIRE(!hopeless.ok());
  CHECK(hopeless.error().message.find("a smaller model") != std::string::npos);
}

TEST_CASE("other ways out are named where they are ones") {
  PlanRequest r;
  r.bf16 = false;
  r.lora = kSmallLora;
  r.longest = 100000;
  r.free_bytes = 60 << 20;  // of which 57 MiB can be used; f32 needs 840 bytes a token, bf16 568
  const auto e = check_plan(tiny(), r);
  REQUIRE(!e.ok());
  CAPTURE(e.error().message);
  CHECK(e.error().message.find("--dtype bf16 needs 54.") != std::string::npos);
  CHECK(e.error().message.find("--max-length 70") != std::string::npos);
  r.longest = 70000;
  CHECK(check_plan(tiny(), r).ok());
  r.generates = true;
  CHECK(plan_memory(tiny(), r).fixed == plan_memory(tiny(), asking(false, kSmallLora)).fixed + 4 * 1480 + (512u << 20));
}

TEST_CASE("the weights a run began with are held once more where every weight is trained, in the arithmetic's type") {
  struct Row {
    PlanRequest ask;
    std::uint64_t bytes;
  };
  for (Row r : {Row{asking(true), 1408 * 2 + 72 * 4}, Row{asking(false), 1480 * 4}, Row{asking(true, kSmallLora), 0}}) {
    const std::uint64_t without = plan_memory(tiny(), r.ask).total;
    r.ask.reference = true;
    const MemoryPlan p = plan_memory(tiny(), r.ask);
    CHECK(bytes(p, "reference") == r.bytes);
    CHECK(p.total == without + r.bytes);
  }
}

TEST_CASE("rollouts that do not fit are told of shorter replies and of no penalty, never of shorter chains") {
  PlanRequest r;
  r.bf16 = false;
  r.lora = kSmallLora;
  r.longest = 100000;
  r.reply = 90000;
  r.free_bytes = 60 << 20;
  const auto e = check_plan(tiny(), r);
  REQUIRE(!e.ok());
  CAPTURE(e.error().message);
  CHECK(e.error().message.find("one rollout of 100,000 tokens") != std::string::npos);
  CHECK(e.error().message.find("--max-tokens 60") != std::string::npos);  // 70,9.. in all, 10,000 of them the prompt
  CHECK(e.error().message.find("--max-length") == std::string::npos);
  CHECK(e.error().message.find("--kl 0") == std::string::npos);
  r.longest = 70000;
  r.reply = 60000;
  CHECK(check_plan(tiny(), r).ok());
  PlanRequest large;  // 18 bytes for each of 1.5 billion numbers, and 2 more for the reference
  large.free_bytes = 29 * kGiB;
  large.longest = 1000;
  large.reply = 500;
  CHECK(check_plan(qwen_1_5b(), large).ok());
  large.reference = true;
  const auto full = check_plan(qwen_1_5b(), large);
  REQUIRE(!full.ok());
  CAPTURE(full.error().message);
  CHECK(full.error().message.find("--kl 0 needs ") != std::string::npos);
}

TEST_CASE("tokens at once are what memory holds, between the longest chain and what is of use") {
  const MemoryPlan one = plan_memory(tiny(), asking(true));
  struct Row {
    std::int64_t asked, longest;
    std::uint64_t usable;  // beyond what is fixed, in tokens
    std::int64_t tokens;
    bool fits;
  };
  for (const Row& r : {
           Row{0, 10, 5000, 5000, true}, Row{0, 10, 50000, kUsualPass, true}, Row{0, 12000, 50000, 12000, true},
           Row{0, 6000, 5000, 6000, false}, Row{0, 0, 0, 1, false}, Row{300, 10, 5000, 300, true},
           Row{300, 2000, 5000, 2000, true}, Row{9000, 10, 5000, 9000, false},  // asked for: taken as said
       }) {
    PlanRequest ask = asking(true);
    ask.pass_tokens = r.asked;
    ask.longest = r.longest;
    ask.free_bytes = (one.fixed + r.usable * one.a_token) * 20 / 19 + 1;
    const MemoryPlan p = plan_memory(tiny(), ask);
    CAPTURE(r.asked);
    CAPTURE(r.longest);
    CHECK(p.pass_tokens == r.tokens);
    CHECK(p.fits() == r.fits);
    CHECK(check_plan(tiny(), ask).ok() ==
          (std::max<std::int64_t>(1, r.longest) <= static_cast<std::int64_t>(r.usable)));
  }
  PlanRequest unknown = asking(true);
  unknown.pass_tokens = 0;
  CHECK(plan_memory(tiny(), unknown).pass_tokens == kUsualPass);
}

TEST_CASE("what is left over keeps activations of layers, the last ones first") {
  PlanRequest ask = asking(true);
  const MemoryPlan one = plan_memory(tiny(), ask);
  CHECK(one.a_kept_layer == 312);
  for (const std::uint64_t layers : {0, 1, 2, 3}) {
    const std::uint64_t kept = std::min<std::uint64_t>(layers, 2);
    ask.free_bytes = (one.total + layers * 31200) * 4 / 3 + 2;  // three quarters of it are just enough
    const MemoryPlan p = plan_memory(tiny(), ask);
    CAPTURE(table(p));
    CHECK(p.kept_layers == static_cast<std::int64_t>(kept));
    CHECK(bytes(p, "kept layers") == kept * 31200);
    CHECK(bytes(p, "one layer") == (kept < 2 ? 31200 : 0));  // none is computed again
    CHECK(p.total == one.total + kept * 31200 - (kept < 2 ? 0 : 31200));
    CHECK(p.total <= ask.free_bytes / 4 * 3 + 3);
    ask.free_bytes -= 4;
    CHECK(plan_memory(tiny(), ask).kept_layers ==
          static_cast<std::int64_t>(layers == 0 ? 0 : std::min(layers - 1, kept)));
  }
}

TEST_CASE("no more tokens run at once than a batch has") {
  struct Row {
    std::int64_t asked, longest, there, tokens;
  };
  for (const Row& r : {Row{0, 10, 1600, 1600}, Row{0, 10, 90000, kUsualPass}, Row{0, 10, 0, kUsualPass},
                       Row{300, 10, 1600, 300}, Row{9000, 10, 1600, 1600}, Row{300, 500, 1600, 500}}) {
    PlanRequest ask = asking(true);
    ask.pass_tokens = r.asked;
    ask.longest = r.longest;
    ask.tokens = r.there;
    for (const std::uint64_t free : {std::uint64_t{0}, kGiB}) {
      ask.free_bytes = free;
      const MemoryPlan p = plan_memory(tiny(), ask);
      CHECK(p.pass_tokens == r.tokens);
      CHECK(p.usual_tokens == r.tokens);
    }
  }
}

TEST_CASE("the table has a line for each figure") {
  PlanRequest ask = asking(true);
  ask.free_bytes = 418'000;
  CHECK(table(plan_memory(tiny(), ask)) ==
        "weights          2.8 KiB  1,408 numbers in bf16\n"
        "masters          5.8 KiB  1,480 numbers in f32\n"
        "gradients        5.8 KiB  1,480 numbers in f32\n"
        "moments         11.6 KiB  two for each number, in f32\n"
        "logits         192.0 KiB  512 rows of 32, with their gradient\n"
        "one gradient       512 B  of the largest matrix, before it is added\n"
        "layer inputs     9.4 KiB  3 for each token, in f32\n"
        "kept layers     30.5 KiB  activations of 1 of 2\n"
        "one layer       30.5 KiB  its activations, computed again\n"
        "its gradients   15.6 KiB  of one layer's activations\n"
        "together       304.3 KiB  100 tokens at once\n"
        "usable         387.8 KiB  of what is free\n");
}
