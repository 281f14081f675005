// What rm-rl writes about a step, a validation and a rollout.
#include "tools/rm-rl/run.h"

#include <doctest/doctest.h>

using namespace rm;
using namespace rm::rmrl;

TEST_CASE("a step's line has the fields that rm-rl(1) lists, in one order") {
  rl::GrpoStep s;
  s.step = 3;
  s.loss = 0.5;
  s.tokens = 1000;
  s.reward_mean = -0.25;
  s.seconds = {1, 0.25, 0.5, 2.25};
  std::string names;
  const metrics::Record r = record(s);
  for (const auto& f : r.fields()) names += (names.empty() ? "" : " ") + f.name;
  CHECK(names ==
        "loss lr grad_norm tokens tokens_per_s seconds reward_mean reward_std right kl entropy clip_fraction drift "
        "length_mean length_max truncated unparsed all_right all_wrong flat prompts rollouts reply_tokens replaced "
        "gap_mean "
        "gap_max "
        "seconds_rollout seconds_reward seconds_reference seconds_learn memory_bytes");
  const std::string text = r.json();
  for (const char* part :
       {"\"step\":3,", "\"tokens_per_s\":250,", "\"seconds\":4,", "\"reward_mean\":-0.25,", "\"seconds_learn\":2.25,"})
    CHECK(text.find(part) != std::string::npos);
  s.taken = false;
  CHECK(record(s).json().find("\"refused\":1") != std::string::npos);
}

TEST_CASE("a validation tells accuracy on all, its interval, and on those that parse apart") {
  Validated v;
  v.step = 8;
  v.result.asked = 20;
  v.result.parsed = 16;
  v.result.right = 12;
  v.result.pairs = 10;
  v.result.consistent = 5;
  v.result.both_right = 4;
  v.result.truncated = 2;
  v.result.length = 31.5;
  const std::string text = record(v).json();
  CAPTURE(text);
  for (const char* part : {"\"step\":8,", "\"val_verdict_accuracy\":0.6,", "\"val_parsed\":0.8,",
                           "\"val_parsed_accuracy\":0.75,", "\"val_consistent\":0.5,", "\"val_both_right\":0.4,",
                           "\"val_length_mean\":31.5,", "\"val_truncated\":0.1,", "\"val_asked\":20"})
    CHECK(text.find(part) != std::string::npos);
  // Ten pairs, six right: Wilson's interval, worked out from his formula in Python.
  const metrics::Record r = record(v);
  for (const auto& f : r.fields()) {
    if (f.name == "val_verdict_low") CHECK(f.number() == doctest::Approx(0.3126738).epsilon(1e-6));
    if (f.name == "val_verdict_high") CHECK(f.number() == doctest::Approx(0.8318197).epsilon(1e-6));
  }
}

TEST_CASE("a validation without replies that parse divides by nothing") {
  Validated v;
  v.result.asked = 4;
  const std::string text = record(v).json();
  CHECK(text.find("null") == std::string::npos);
  CHECK(text.find("\"val_parsed_accuracy\":0,") != std::string::npos);
}

TEST_CASE("a rollout is a line of JSON whatever the model wrote") {
  rl::Prompt p;
  p.label = judge::Side::kB;
  p.swapped = true;
  rl::Group g;
  g.prompt = &p;
  g.rollouts.resize(2);
  g.rollouts[1].text = "a \"quote\"\n\xff <answer>[[B]]</answer>";
  g.rollouts[1].ids = {1, 2, 3};
  g.rollouts[1].truncated = true;
  g.rewards = {-1, 1};
  g.advantages = {-0.5, 0.5};
  g.right = {false, true};
  g.parsed = {false, true};
  CHECK(sample_line(7, g, 1, 42) ==
        "{\"step\":7,\"line\":42,\"rollout\":1,\"label\":\"B\",\"swapped\":true,\"reward\":1,\"advantage\":0.5,"
        "\"right\":true,"
        "\"parsed\":true,\"truncated\":true,\"tokens\":3,\"reply\":\"a \\\"quote\\\"\\n\xef\xbf\xbd "
        "<answer>[[B]]</answer>\"}");
}
