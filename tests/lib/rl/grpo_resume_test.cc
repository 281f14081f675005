// The loop when things go wrong or end early: memory, gradients, stops, and going on from every checkpoint.
#include "lib/tune/order.h"
#include "tests/lib/rl/grpo_run.h"

using namespace rm;
using namespace rm::rl;
using generate::TokenRequest;
using tune::Place;

TEST_CASE("short of memory, passes become smaller, and what was being computed begins again") {
  Run whole(6, 6, 3), r(6, 6, 3);
  REQUIRE(whole.grpo().run().ok());
  r.trainer.room = 75;
  REQUIRE(r.grpo().run().ok());
  CHECK(r.trainer.learned == whole.trainer.learned);  // nothing twice, nothing lost
  CHECK(r.trainer.weights == whole.trainer.weights);
  CHECK(r.trainer.longest <= 75);
  CHECK(r.told.noticed("memory ran out"));
  CHECK(r.told.saved.back().place.pass_tokens <= 75);

  // In the middle of a mini-batch, when gradients are there already.
  Run late(6, 6, 3);
  late.o.pass_tokens = 100;
  late.trainer.on_pass = [&](int pass) { late.trainer.room = pass == 2 ? 0 : 1'000'000; };
  REQUIRE(late.grpo().run().ok());
  CHECK(late.trainer.learned == whole.trainer.learned);
  CHECK(late.told.saved.back().place.pass_tokens < 100);
}

TEST_CASE("a rollout that does not fit alone ends the run and says what may help, whatever fitted before it") {
  for (const std::int64_t pass_tokens : {200, 40}) {
    CAPTURE(pass_tokens);
    Run r(4, 4, 4, 2);
    r.o.settings.rule.kl = 0;
    r.o.settings.max_tokens = 300;
    r.o.pass_tokens = pass_tokens;
    const std::uint32_t last = tune::epoch_order(11, 0, 4)[3];
    r.trainer.room = 120;
    int tries = 0;
    r.trainer.on_pass = [&](int) {
      if (++tries > 1000) signals::request_stop(Exit::kStopped);  // it would go on for ever
    };
    r.trainer.script = [&](const TokenRequest& q) {
      const bool first = q.seed == rollout_seed(11, 0, q.prompt[0], 0);
      return std::string(q.prompt[0] == static_cast<std::int32_t>(last) ? 150 : 5, 'x') + (first ? kRight : kWrong);
    };
    const auto ended = r.grpo().run();
    signals::request_stop(Exit::kDone);
    REQUIRE(!ended.ok());
    CHECK(ended.error().exit == Exit::kResources);
    CHECK(ended.error().reason == "out_of_memory");
    CHECK(ended.error().message.find("does not fit alone") != std::string::npos);
    CHECK(ended.error().message.find("--max-tokens") != std::string::npos);
    CHECK(r.trainer.learned.empty());
    CHECK(r.told.saved.empty());
  }
}

TEST_CASE("a gradient that is not finite costs its step; the third in a row ends the run") {
  Run r(12, 4, 2);
  r.trainer.bad = {2, 3, 5};
  REQUIRE(r.grpo().run().ok());
  CHECK(r.trainer.steps() == 3);
  CHECK(r.told.steps.size() == 6);
  CHECK(!r.told.steps[1].taken);
  CHECK(r.told.steps[3].taken);
  CHECK(r.told.notices.size() == 3);

  Run worse(12, 4, 2);
  worse.trainer.bad = {2, 3, 4};
  const auto ended = worse.grpo().run();
  REQUIRE(!ended.ok());
  CHECK(ended.error().reason == "not_finite");
  CHECK(ended.error().exit == Exit::kResources);
  CHECK(worse.told.steps.size() == 4);
  REQUIRE(worse.told.saved.size() == 1);  // what the first step made of the weights
  CHECK(worse.told.saved[0].place.step == 4);
  CHECK(worse.told.saved[0].steps == 1);
}

TEST_CASE("it saves and validates exactly when due: after the batch that reaches or passes it") {
  struct Row {
    std::int64_t mini, val_every, save_every, steps;
    const char* order;
  };
  for (const Row& row :
       {Row{4, 0, 0, 0, "v0 s4 v4 "}, Row{4, 2, 0, 0, "v0 v2 s4 v4 "}, Row{4, 1, 3, 0, "v0 v1 v2 s3 v3 s4 v4 "},
        Row{2, 3, 0, 0, "v0 v4 v6 s8 v8 "},  // steps 2, 4, 6, 8: 3 lies in the second batch
        Row{2, 2, 5, 0, "v0 v2 v4 s6 v6 s8 v8 "}, Row{2, 0, 0, 3, "v0 s4 v4 "}, Row{4, 0, 0, 3, "v0 s3 v3 "},
        Row{4, 0, 0, 100, "v0 s4 v4 "}}) {
    CAPTURE(row.order);
    Run r(16, 4, row.mini);
    r.o.val_every = row.val_every;
    r.o.save_every = row.save_every;
    r.o.settings.steps = row.steps;
    Grpo g = r.grpo();
    REQUIRE(g.run().ok());
    CHECK(r.told.order == row.order);
    CHECK(g.total_steps() == g.place().step);
  }
}

TEST_CASE("resumed from any checkpoint, it writes and learns what it would have without a stop") {
  for (const std::int64_t mini : {2, 4}) {
    for (const std::int64_t dynamic : {0, 2}) {
      CAPTURE(mini);
      CAPTURE(dynamic);
      const auto prepare = [&](Run& r) {
        r.o.save_every = 1;
        r.o.val_every = 3;
        r.o.settings.dynamic = dynamic;
      };
      Run whole(17, 4, mini, 3, 2);
      prepare(whole);
      REQUIRE(whole.grpo().run().ok());
      REQUIRE(whole.told.saved.size() >= 3);
      for (const Told::Saved& from : whole.told.saved) {
        CAPTURE(from.place.step);
        Run rest(17, 4, mini, 3, 2);
        prepare(rest);
        rest.trainer.weights = from.weights;
        rest.trainer.set_steps(from.steps);
        Grpo g = rest.grpo();
        REQUIRE(g.resume(from.place).ok());
        REQUIRE(g.run().ok());
        CHECK(rest.trainer.weights == whole.trainer.weights);
        CHECK(rest.trainer.learned ==
              std::vector(whole.trainer.learned.begin() + from.place.step, whole.trainer.learned.end()));
        CHECK(rest.trainer.rates ==
              std::vector(whole.trainer.rates.begin() + from.place.step, whole.trainer.rates.end()));
        const std::size_t before = whole.trainer.asked.size() - rest.trainer.asked.size();
        for (std::size_t i = 0; i < rest.trainer.asked.size(); ++i)
          CHECK(rest.trainer.asked[i].seed == whole.trainer.asked[before + i].seed);
        // The last that was asked for before the stop is asked for again, if it was a validation; the rest is the same.
        const std::string mark = "s" + std::to_string(from.place.step) + " ";
        std::string after = whole.told.order.substr(whole.told.order.find(mark) + mark.size());
        CHECK(rest.told.order == after);
        CHECK(rest.told.steps.size() + static_cast<std::size_t>(from.place.step) == whole.told.steps.size());
      }
    }
  }
}

TEST_CASE("a place that is none of this run is refused") {
  Run r(10, 4, 2, 3, 2);  // batches at prompts 0 and 4 of an epoch, two steps each
  Grpo g = r.grpo();
  for (const Place& p :
       {Place{-1, 0, 0}, Place{0, -1, 0}, Place{0, 3, 0}, Place{0, 0, -4}, Place{2, 0, 11}, Place{2, 0, 3},
        Place{4, 0, 8}, Place{3, 0, 4}, Place{9, 2, 0}, Place{1, 0, 0}, Place{8, 2, 4}}) {
    CAPTURE(p.step);
    CAPTURE(p.epoch);
    CAPTURE(p.position);
    const auto refused = g.resume(p);
    REQUIRE(!refused.ok());
    CHECK(refused.error().exit == Exit::kModel);
    CHECK(refused.error().reason == "bad_checkpoint");
  }
  for (const Place& p :
       {Place{0, 0, 0}, Place{2, 0, 4}, Place{1, 0, 4}, Place{0, 0, 4}, Place{4, 1, 0}, Place{8, 2, 0}}) {
    CAPTURE(p.step);
    CHECK(g.resume(p).ok());
  }
}

TEST_CASE("resumed, it validates at once only where that is due and was not done") {
  struct Row {
    std::int64_t step;
    std::optional<std::int64_t> before;
    std::string order;
  };
  for (const Row& row : {Row{3, 2, "s5 v5 "}, Row{3, 0, "v3 s5 v5 "}, Row{4, 2, "v4 s6 v6 "}, Row{4, 4, "s6 v6 "},
                         Row{3, std::nullopt, "v3 s5 v5 "}}) {
    CAPTURE(row.step);
    Run r(12, 4, 2);
    r.o.val_every = 2;
    r.told.validated_before = row.before;
    Grpo g = r.grpo();
    REQUIRE(g.resume({row.step, 0, 8}).ok());
    REQUIRE(g.run().ok());
    CHECK(r.told.order == row.order);
  }
}

TEST_CASE("a checkpoint brings its pass size along") {
  Run r(4, 4, 4);
  Grpo g = r.grpo();
  REQUIRE(g.resume({0, 0, 0, 33}).ok());
  CHECK(g.place().pass_tokens == 33);
  REQUIRE(g.resume({0, 0, 0, 0}).ok());
  CHECK(g.place().pass_tokens == 33);
}

namespace {

// A stop in the n-th event of a kind, and what is saved then.
struct Stop {
  const char* where;
  std::function<void(Run&)> arm;
  std::int64_t step;  // that is saved
  bool same_end;      // nothing of a batch is lost
};

void request() { signals::request_stop(Exit::kStopped); }

std::function<void(Run&)> on_phase(Phase phase, int which) {
  return [=](Run& r) {
    r.told.on_running = [=, seen = 0](Phase now) mutable {
      if (now == phase && seen++ == which) request();
    };
  };
}

}  // namespace

TEST_CASE("a stop at any moment saves the state of the last step, and the run goes on from it") {
  // Two batches of two steps; each is 4 prompts of 3 rollouts. Each mini-batch is several passes.
  const auto make = [](Run& r) {
    r.o.pass_tokens = 100;
    r.trainer.faults.at_once = 100;
  };
  Run whole(8, 4, 2);
  make(whole);
  REQUIRE(whole.grpo().run().ok());
  REQUIRE(whole.trainer.learned.size() == 4);
  const auto engine_stop = [](int which) {
    return [=](Run& r) {
      r.trainer.faults.before = [=, seen = std::make_shared<int>(0)](int) {  // of all engines
        if ((*seen)++ == which) request();
      };
    };
  };
  int engine_steps = 0, learn = 0, reference = 0;
  {
    Run count(8, 4, 2);
    make(count);
    count.trainer.faults.before = [&](int) { ++engine_steps; };
    count.told.on_running = [&](Phase p) { learn += p == Phase::kLearn, reference += p == Phase::kReference; };
    REQUIRE(count.grpo().run().ok());
  }
  REQUIRE(learn >= 8);
  const std::vector<Stop> stops{
      {"before it begins", [](Run&) { request(); }, 0, true},
      {"first rollouts", engine_stop(0), 0, true},
      {"last rollouts", engine_stop(engine_steps - 1), 2, true},
      {"first rewards",
       [](Run& r) {
         r.rewards.before = [](int n) {
           if (n == 0) request();
         };
       },
       0, true},
      {"second rewards",
       [](Run& r) {
         r.rewards.before = [](int n) {
           if (n == 1) request();
         };
       },
       2, true},
      {"first reference", on_phase(Phase::kReference, 0), 0, true},
      {"last reference", on_phase(Phase::kReference, reference - 1), 3, false},
      {"first pass", on_phase(Phase::kLearn, 0), 0, true},
      {"last pass", on_phase(Phase::kLearn, learn - 1), 4, true},
      {"after the first step",
       [](Run& r) {
         r.told.on_step = [](std::int64_t n) {
           if (n == 1) request();
         };
       },
       1, false},
      {"after the second step",
       [](Run& r) {
         r.told.on_step = [](std::int64_t n) {
           if (n == 2) request();
         };
       },
       2, true},
      {"after the last step",
       [](Run& r) {
         r.told.on_step = [](std::int64_t n) {
           if (n == 4) request();
         };
       },
       4, true},
      {"first validation", [](Run& r) { r.told.stop_at_validation = 0; }, 0, true},
      {"last validation", [](Run& r) { r.told.stop_at_validation = 4; }, 4, true},
  };
  for (const Stop& stop : stops) {
    CAPTURE(std::string(stop.where));
    Run r(8, 4, 2);
    make(r);
    stop.arm(r);
    const auto ended = r.grpo().run();
    signals::request_stop(Exit::kDone);
    if (stop.step < 4) {
      REQUIRE(!ended.ok());
      CHECK(ended.error().exit == Exit::kStopped);
    }
    REQUIRE(!r.told.saved.empty());
    const Told::Saved& at = r.told.saved.back();
    CHECK(at.place.step == stop.step);
    CHECK(at.weights == r.trainer.weights);
    CHECK(at.steps == r.trainer.steps());
    CHECK(r.told.noticed("the rest of its batch is left out") == !stop.same_end);
    CHECK(r.trainer.open.empty());

    Run rest(8, 4, 2);
    make(rest);
    rest.trainer.weights = at.weights;
    rest.trainer.set_steps(at.steps);
    Grpo g = rest.grpo();
    REQUIRE(g.resume(at.place).ok());
    REQUIRE(g.run().ok());
    if (stop.same_end) {
      CHECK(rest.trainer.weights == whole.trainer.weights);
      CHECK(r.trainer.learned.size() + rest.trainer.learned.size() == 4);
    } else {
      CHECK(r.trainer.learned.size() + rest.trainer.learned.size() == 3);
    }
    CHECK(rest.told.order.ends_with("v" + std::to_string(g.place().step) + " "));
  }
}

TEST_CASE("what memory taught outlives a stop") {
  Run r(8, 4, 2);
  r.trainer.room = 75;
  r.trainer.on_logprobs = [n = 0](tune::Under) mutable {
    if (n++ == 3) request();  // in the first batch, after passes became smaller
  };
  const auto ended = r.grpo().run();
  signals::request_stop(Exit::kDone);
  REQUIRE(!ended.ok());
  REQUIRE(!r.told.saved.empty());
  CHECK(r.told.saved.back().place.step == 0);
  CHECK(r.told.saved.back().place.pass_tokens <= 75);
}

TEST_CASE("an engine that fails ends the run with its error") {
  Run r(8, 4, 2);
  r.trainer.faults.step = 3;
  const auto ended = r.grpo().run();
  REQUIRE(!ended.ok());
  CHECK(ended.error().reason == "out_of_memory");
  CHECK(r.told.saved.empty());
}
