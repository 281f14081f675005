#include "lib/tune/recipe.h"

#include <doctest/doctest.h>

#include <functional>
#include <set>

using namespace rm;
using namespace rm::tune;

TEST_CASE("the recipe is what RM-R1 ran") {
  // Of the published script (lr, batch, micro-batch, length, epochs) and of the defaults of the trainer it calls.
  const auto s = recipe("rm-r1");
  REQUIRE(s);
  CHECK(s->lr == 5e-6);
  CHECK(s->batch == 128);
  CHECK(s->micro_batch == 1);
  CHECK(s->max_length == 12288);
  CHECK(s->epochs == 1);
  CHECK(s->shape == Shape::kCosine);
  CHECK(s->floor == 0.1);
  CHECK(s->warmup == 0.03);
  CHECK(s->beta1 == 0.9);
  CHECK(s->beta2 == 0.95);
  CHECK(s->weight_decay == 0);
  CHECK(s->clip == 1);
  CHECK(s->mask == Mask::kResponse);
  CHECK(s->lora.rank == 0);
  CHECK(settings_hash(*s) == settings_hash({}));  // the defaults are the recipe's
  for (const char* other : {"", "RM-R1", "rm-r1 ", "grpo"}) CHECK(!recipe(other));
}

TEST_CASE("a schedule has the warm-up of its steps") {
  const Schedule s = schedule_of(*recipe("rm-r1"), 68);  // 8,700 chains: 68 steps, 2.04 of them warm-up
  CHECK(s.warmup == 3);
  CHECK(s.total == 68);
  CHECK(rate(s, 0) == 0);
  CHECK(rate(s, 3) == 5e-6);
  CHECK(rate(s, 68) == doctest::Approx(5e-7));
}

TEST_CASE("what will run is said in words") {
  TrainSettings s;
  CHECK(describe(s) ==
        "optimizer  AdamW, betas 0.9 and 0.95, weight decay 0, gradients clipped at 1\n"
        "rate       5e-06, cosine to 0.1 of it, warm-up over 0.03 of the steps\n"
        "batch      128 chains, a mean over every 1 chain, 1 epoch\n"
        "loss       on the response, chains of at most 12,288 tokens\n"
        "trained    every weight\n");
  s.shape = Shape::kConstant;
  s.clip = 0;
  s.epochs = 3;
  s.mask = Mask::kHeader;
  s.max_length = 0;
  s.lora = {16, 32, {"q_proj", "v_proj"}};
  CHECK(describe(s) ==
        "optimizer  AdamW, betas 0.9 and 0.95, weight decay 0, gradients not clipped\n"
        "rate       5e-06, constant, warm-up over 0.03 of the steps\n"
        "batch      128 chains, a mean over every 1 chain, 3 epochs\n"
        "loss       on the response and the header before it, chains of any length\n"
        "trained    LoRA of rank 16, alpha 32, of q_proj, v_proj\n");
}

TEST_CASE("every value that decides the numbers is in the hash") {
  using Change = std::function<void(TrainSettings&)>;
  std::set<std::string> seen{settings_hash({})};
  std::size_t changes = 1;
  for (const Change& change : {
           Change([](TrainSettings& s) { s.lr = 5.0000000000000001e-5; }),
           Change([](TrainSettings& s) { s.shape = Shape::kLinear; }),
           Change([](TrainSettings& s) { s.floor = 0; }),
           Change([](TrainSettings& s) { s.warmup = 0.05; }),
           Change([](TrainSettings& s) { s.weight_decay = 0.1; }),
           Change([](TrainSettings& s) { s.beta1 = 0.95; }),
           Change([](TrainSettings& s) { s.beta2 = 0.9; }),
           Change([](TrainSettings& s) { s.epsilon = 1e-9; }),
           Change([](TrainSettings& s) { s.clip = 0.5; }),
           Change([](TrainSettings& s) { s.epochs = 2; }),
           Change([](TrainSettings& s) { s.batch = 64; }),
           Change([](TrainSettings& s) { s.micro_batch = 2; }),
           Change([](TrainSettings& s) { s.max_length = 1; }),
           Change([](TrainSettings& s) { s.mask = Mask::kHeader; }),
           Change([](TrainSettings& s) { s.lora.rank = 8; }),
           Change([](TrainSettings& s) {
             s.lora = {8, 16, {"q_proj"}};
           }),
           Change([](TrainSettings& s) {
             s.lora = {8, 16, {"q_proj", "v_proj"}};
           }),
           Change([](TrainSettings& s) {
             s.lora = {8, 16, {"q_projv_proj"}};
           }),
       }) {
    TrainSettings s;
    change(s);
    seen.insert(settings_hash(s));
    ++changes;
    CHECK(seen.size() == changes);
    CHECK(settings_hash(s) == settings_hash(s));
  }
}
