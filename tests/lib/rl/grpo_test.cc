// The loop over a trainer that only counts and an engine that writes by a script: which rollouts a step learns from, and what it tells.
#include <cmath>

#include "lib/tune/order.h"
#include "tests/lib/rl/grpo_run.h"

using namespace rm;
using namespace rm::rl;
using generate::TokenRequest;

TEST_CASE("a batch is the rollouts of its prompts, learned from in mini-batches; what is left of an epoch is dropped") {
  Run r(10, 4, 2, 3, 2);
  Grpo g = r.grpo();
  CHECK(g.total_steps() == 8);
  REQUIRE(g.run().ok());
  CHECK(r.trainer.opened.size() == 4);  // an engine a batch
  CHECK(r.trainer.asked.size() == 4 * 4 * 3);
  REQUIRE(r.trainer.learned.size() == 8);
  const auto prompts = r.prompts_of_steps();
  std::vector<std::set<int>> epochs(2);
  for (std::size_t i = 0; i < 8; ++i) {
    CAPTURE(i);
    CHECK(prompts[i].size() == 2);
    CHECK(r.trainer.learned[i].size() == 6);
    CHECK(weight_of(r.trainer.learned[i]) == doctest::Approx(1));
    epochs[i / 4].insert(prompts[i].begin(), prompts[i].end());
    const GrpoStep& s = r.told.steps[i];
    CHECK(s.step == static_cast<std::int64_t>(i) + 1);
    CHECK(s.prompts == 2);
    CHECK(s.rollouts == 6);
    CHECK(s.lr == r.trainer.rates[i]);
    CHECK(s.lr == 1e-6);
    CHECK(s.taken);
  }
  CHECK(epochs[0].size() == 8);  // each prompt once
  CHECK(epochs[1].size() == 8);
  CHECK(prompts[0] != prompts[4]);
  CHECK(r.told.batches == std::vector<std::int64_t>{0, 2, 4, 6});
  CHECK(g.place().epoch == 2);
  CHECK(g.place().position == 0);
  CHECK(r.told.order == "v0 s8 v8 ");
  CHECK(r.told.notices.empty());
}

TEST_CASE("the prompts of an epoch are those of its order, each rollout's seed that of its place") {
  Run r(7, 3, 3, 2, 2);
  REQUIRE(r.grpo().run().ok());
  std::size_t at = 0;
  for (std::int64_t batch = 0; batch < 4; ++batch) {
    const auto order = tune::epoch_order(11, batch / 2, 7);
    for (std::int64_t i = 0; i < 3; ++i) {
      const std::uint32_t prompt = order[static_cast<std::size_t>(batch % 2 * 3 + i)];
      for (std::int64_t j = 0; j < 2; ++j, ++at) {
        CHECK(r.trainer.asked[at].prompt == r.data[prompt].ids);
        CHECK(r.trainer.asked[at].seed == rollout_seed(11, batch, prompt, j));
        CHECK(r.rewards.seen[at] == Rewards::At{batch + 1, prompt, j});
      }
    }
  }
  CHECK(at == r.trainer.asked.size());
}

TEST_CASE("a reward sees the record of its prompt as it came, and an empty one where there are no lines") {
  Run r(4, 4, 4, 2), bare(4, 4, 4, 2);
  for (std::size_t i = 0; i < 3; ++i)  // long, so that no copy of it lies in a string's own room
    r.lines.push_back("{\"n\":" + std::to_string(i) + ",\"text\":\"" + std::string(60, 'r') + "\"}");
  for (std::size_t i = 0; i < 4; ++i) r.data[i].record = (i + 1) % 3;
  r.o.settings.max_tokens = bare.o.settings.max_tokens = 27;
  REQUIRE(r.grpo().run().ok());
  REQUIRE(r.rewards.records.size() == 8);
  for (std::size_t k = 0; k < 8; ++k) {
    const auto& at = r.rewards.seen[k];
    CHECK(r.rewards.records[k] == r.lines[(static_cast<std::size_t>(at.prompt) + 1) % 3]);
    const Group& g = r.told.groups_of[0][k / 2];
    CHECK(g.index == at.prompt);
    CHECK(r.rewards.cut[k] == g.rollouts[k % 2].truncated);
  }
  REQUIRE(bare.grpo().run().ok());
  for (const std::string& line : bare.rewards.records) CHECK(line == "{}");
}

TEST_CASE("the last mini-batch of a batch may be short, and its means are its own") {
  Run r(5, 5, 2, 4);
  CHECK(r.grpo().total_steps() == 3);
  REQUIRE(r.grpo().run().ok());
  REQUIRE(r.trainer.learned.size() == 3);
  CHECK(r.trainer.learned[2].size() == 4);
  for (const auto& step : r.trainer.learned) CHECK(weight_of(step) == doctest::Approx(1));
}

TEST_CASE("what the engine is opened with") {
  Run r(4, 4, 4);
  r.data[2].ids.resize(19, 7);
  r.o.engine.threads = 3;
  r.o.engine.deterministic = true;
  r.o.settings.rollout_dtype = "bf16";
  REQUIRE(r.grpo().run().ok());
  REQUIRE(r.trainer.opened.size() == 1);
  CHECK(r.trainer.opened[0].threads == 3);
  CHECK(r.trainer.opened[0].deterministic);
  CHECK(r.trainer.opened[0].dtype == "bf16");
  CHECK(r.trainer.opened[0].context == 19 + 40);
  for (const TokenRequest& q : r.trainer.asked) {
    CHECK(q.temperature == 1);
    CHECK(q.top_p == 1);
    CHECK(q.max_tokens == 40);
    CHECK(q.stop == std::vector{end_token()});
  }
}

TEST_CASE(
    "the policy that a batch began with is asked for where a batch has several steps, or to correct the sampler") {
  struct Row {
    std::int64_t mini;
    double correction, kl;
    int now_runs, reference_runs;
  };
  for (const Row& row :
       {Row{4, 0, 0, 0, 0}, Row{4, 0, 0.1, 0, 1}, Row{2, 0, 0, 1, 0}, Row{4, 2, 0, 1, 0}, Row{2, 2, 0.1, 1, 2}}) {
    CAPTURE(row.mini);
    CAPTURE(row.correction);
    Run r(4, 4, row.mini);
    r.o.pass_tokens = 10000;
    r.o.settings.correction = row.correction;
    r.o.settings.rule.kl = row.kl;
    r.rewards.worth = [](const reward::Item& i) { return static_cast<double>(i.rollout); };  // none is flat
    r.trainer.weights = 3;
    REQUIRE(r.grpo().run().ok());
    CHECK(r.trainer.now_runs == row.now_runs);
    CHECK(r.trainer.reference_runs == row.reference_runs);
    for (const auto& step : r.trainer.learned) {
      for (const Learned& l : step) {
        const float first = FakeEngine::logprob(l.reply[0]);
        CHECK(l.sampled == first);
        CHECK(l.old ==
              (row.now_runs > 0 ? first - 3 * 0.0625f : 0));  // at the beginning of the batch, in each of its steps
        CHECK(l.reference == (row.kl > 0 ? first : 0));
        CHECK(l.scale == doctest::Approx(row.correction > 0 ? std::exp(-3 * 0.0625) : 1));
      }
    }
  }
}

TEST_CASE("advantages are those of a group; of a flat one 0, not computed where there is no penalty") {
  for (const double kl : {0.0, 0.1}) {
    CAPTURE(kl);
    Run r(4, 4, 4);
    r.o.settings.rule.kl = kl;
    r.rewards.worth = [](const reward::Item& i) {
      return i.prompt == 1 ? 0.1 : static_cast<double>(i.rollout * i.rollout) + static_cast<double>(i.prompt);
    };
    REQUIRE(r.grpo().run().ok());
    CHECK(r.trainer.learned[0].size() == (kl > 0 ? 12 : 9));
    for (const Learned& l : r.trainer.learned[0]) {
      CHECK((l.advantage == 0) == (l.prompt[0] == 1));
    }
    CHECK(r.told.steps[0].flat == 0.25);
    // A flat group still counts in the means.
    std::int64_t tokens = 0;
    for (const Group& g : r.told.groups_of[0]) {
      for (const Rollout& one : g.rollouts) tokens += std::ssize(one.ids);
    }
    CHECK(r.told.steps[0].reply_tokens == tokens);
    CHECK(r.told.steps[0].tokens == tokens + 12 * 4);
    if (kl == 0) CHECK(weight_of(r.trainer.learned[0]) < 1 - 1e-3);
  }
}

TEST_CASE("what a step tells of its rollouts") {
  Run r(4, 4, 4, 2);
  r.o.settings.max_tokens = 30;
  r.trainer.script = [](const TokenRequest& q) -> std::string {
    switch (q.prompt[0]) {
      case 0:
        return kRight;
      case 1:
        return kWrong;
      case 2:
        return "no verdict";
      default:
        return q.seed == rollout_seed(11, 0, 3, 0) ? kRight : std::string(50, 'y');
    }
  };
  REQUIRE(r.grpo().run().ok());
  const GrpoStep& s = r.told.steps[0];
  CHECK(s.right == 3.0 / 8);
  CHECK(s.unparsed == 3.0 / 8);
  CHECK(s.truncated == 1.0 / 8);
  CHECK(s.all_right == 0.25);
  CHECK(s.all_wrong == 0.5);
  CHECK(s.flat == 0.75);
  CHECK(s.reward_mean == doctest::Approx(-0.25));
  CHECK(s.reward_std == doctest::Approx(std::sqrt((3 * 1.25 * 1.25 + 5 * 0.75 * 0.75) / 7)));
  CHECK(s.length_max == 30);
  CHECK(s.length_mean == doctest::Approx(static_cast<double>(s.reply_tokens) / 8));
  CHECK(r.told.ran[static_cast<std::size_t>(Phase::kRollout)] == s.reply_tokens);
}

TEST_CASE("groups whose rewards are equal are replaced by further prompts of the epoch, for so many batches") {
  struct Row {
    std::int64_t dynamic;
    std::set<int> flat;  // places in the order
    std::vector<std::size_t> groups;
    std::size_t drawn;
    bool says;
  };
  for (const Row& row : {
           Row{0, {0, 1}, {4, 4, 4}, 12, false},
           Row{2, {}, {4, 4, 4}, 12, false},
           Row{1, {1}, {4, 4}, 12, false},             // filled up from the second, what is over of it is dropped
           Row{1, {0, 1, 2, 4, 5}, {3, 4}, 12, true},  // 1 and 2 of two rounds
           Row{2, {0, 1, 2, 3, 4, 5, 6, 8}, {4}, 12, false},
           Row{9, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, {1}, 12, true},  // the epoch has no more
           Row{9, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {}, 12, true},
       }) {
    CAPTURE(row.dynamic);
    CAPTURE(row.flat.size());
    Run r(13, 4, 4);
    r.o.settings.dynamic = row.dynamic;
    const auto order = tune::epoch_order(11, 0, 13);
    r.rewards.worth = [&](const reward::Item& i) {
      const auto at = std::ranges::find(order, static_cast<std::uint32_t>(i.prompt)) - order.begin();
      // 1, 2, 0: the first of a group that is not flat has no advantage
      return row.flat.contains(static_cast<int>(at)) ? 0.3 : static_cast<double>((i.rollout + 1) % 3);
    };
    REQUIRE(r.grpo().run().ok());
    std::vector<std::size_t> groups;
    for (const auto& batch : r.told.groups_of) groups.push_back(batch.size());
    CHECK(groups == row.groups);
    CHECK(r.trainer.learned.size() == row.groups.size());
    CHECK(r.trainer.asked.size() == row.drawn * 3);
    CHECK(r.told.noticed("have rewards that differ") == row.says);
    std::int64_t replaced = 0, tokens = 0, of_engine = 0;
    for (const GrpoStep& s : r.told.steps) replaced += s.replaced, tokens += s.tokens;
    for (const auto& batch : r.told.groups_of) {
      for (const Group& g : batch) {
        for (const Rollout& rollout : g.rollouts) of_engine += std::ssize(rollout.ids) + 4;
      }
    }
    if (row.dynamic == 0) CHECK(replaced == 0);
    if (row.dynamic == 0) CHECK(tokens == of_engine);
    if (row.dynamic == 9 && !row.groups.empty()) CHECK(replaced == 11);
    if (row.dynamic == 9 && !row.groups.empty()) CHECK(tokens > 11 * of_engine / 4);
    if (row.dynamic > 0) {
      for (const auto& batch : r.told.groups_of) {
        for (const Group& g : batch) CHECK(!flat(g.rewards));
      }
    }
    CHECK(r.told.noticed("no step is taken") == row.groups.empty());
    CHECK(r.told.saved.back().place.epoch == 1);
  }
}

TEST_CASE("truncated rollouts are left out of the loss where asked to, not out of their group") {
  for (const bool mask : {false, true}) {
    CAPTURE(mask);
    Run r(2, 2, 2, 2);
    r.o.settings.mask_truncated = mask;
    r.o.settings.max_tokens = 30;
    r.o.settings.mean = LossMean::kToken;
    r.trainer.script = [](const TokenRequest& q) -> std::string {
      return q.seed == rollout_seed(11, 0, q.prompt[0], 0) ? kRight : std::string(50, 'y');
    };
    REQUIRE(r.grpo().run().ok());
    CHECK(r.trainer.learned[0].size() == (mask ? 2 : 4));
    CHECK(weight_of(r.trainer.learned[0]) == doctest::Approx(1));
    for (const Learned& l : r.trainer.learned[0])
      CHECK(std::abs(l.advantage) == doctest::Approx(1 / std::sqrt(2.0)).epsilon(1e-4));
    CHECK(r.told.steps[0].truncated == 0.5);
  }
  Run none(2, 2, 2, 2);  // nothing is left: a step of nothing, not a crash
  none.o.settings.mask_truncated = true;
  none.o.settings.max_tokens = 1;
  REQUIRE(none.grpo().run().ok());
  CHECK(none.trainer.learned[0].empty());
  CHECK(none.told.steps[0].loss == 0);
}

TEST_CASE("a reward that fails costs its batch; three in a row end the run, and so does one that gives up") {
  Run r(12, 3, 3);
  r.rewards.failing = {0, 2};
  REQUIRE(r.grpo().run().ok());
  CHECK(r.trainer.learned.size() == 2);
  CHECK(r.told.notices.size() == 2);
  CHECK(r.told.noticed("the program went away"));
  CHECK(r.told.steps.back().step == 2);

  Run worse(15, 3, 3);
  worse.rewards.failing = {0, 2, 3, 4};
  const auto ended = worse.grpo().run();
  REQUIRE(!ended.ok());
  CHECK(ended.error().reason == "reward_failed");
  CHECK(ended.error().exit == Exit::kUnavailable);
  CHECK(worse.rewards.calls == 5);
  CHECK(worse.trainer.learned.size() == 1);
  // The step before is not lost, and a run that goes on takes the batch again that ended this one.
  CHECK(worse.told.order == "v0 s1 ");
  CHECK(worse.told.saved.back().place.position == 12);
  CHECK(worse.told.noticed("step 1 is saved"));

  Run given_up(15, 3, 3);
  given_up.rewards.given_up = 1;
  const auto at_once = given_up.grpo().run();
  REQUIRE(!at_once.ok());
  CHECK(at_once.error().reason == "reward_given_up");
  CHECK(given_up.rewards.calls == 2);
  CHECK(given_up.told.order == "v0 s1 ");
  CHECK(given_up.told.saved.back().place.position == 3);

  Run full(9, 3, 3);  // a disk that is full is not asked twice, and nothing to save is not saved
  full.told.cannot_save = true;
  full.o.save_every = 1;
  CHECK(full.grpo().run().error().reason == "disk_full");
  CHECK(full.told.order == "v0 s1 ");
  Run nothing(9, 3, 3);
  nothing.rewards.given_up = 0;
  CHECK(!nothing.grpo().run().ok());
  CHECK(nothing.told.order == "v0 ");
}

TEST_CASE("where the last batch has no reward, the last step is saved and validated all the same") {
  Run r(9, 3, 3);
  r.rewards.failing = {2};
  REQUIRE(r.grpo().run().ok());
  CHECK(r.told.order == "v0 s2 v2 ");
  CHECK(r.told.saved.back().place.epoch == 1);

  Run kept(9, 3, 3);
  kept.rewards.failing = {2};
  kept.o.save_every = kept.o.val_every = 1;
  REQUIRE(kept.grpo().run().ok());
  CHECK(kept.told.order == "v0 s1 v1 s2 v2 ");
}
