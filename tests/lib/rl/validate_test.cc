// Held-out pairs judged by an engine that writes by a script: what is counted, and as what.
#include "lib/rl/validate.h"

#include "tests/lib/rl/fakes.h"

using namespace rm;
using namespace rm::rl;
using generate::TokenRequest;
using judge::Side;

namespace {

struct Asked {
  std::size_t record;
  Side label;
  const char* reply;
};

SamplingOptions options() {
  SamplingOptions o;
  o.count = 5;
  o.temperature = 0.7;
  o.top_p = 0.5;
  o.max_tokens = 40;
  o.stops = {end_token()};
  return o;
}

constexpr const char *kA = "<answer>[[A]]</answer>", *kB = "<answer>[[B]]</answer>", *kNone = "no";
const char* const kBoth = "<answer>[[A]]</answer><answer>[[B]]</answer>";  // 44 bytes: it is cut

Result<HeldOut> judged(const std::vector<Asked>& all, FakeEngine& engine) {
  std::vector<Prompt> prompts;
  for (std::size_t i = 0; i < all.size(); ++i) {
    Prompt p;
    p.ids = {static_cast<std::int32_t>(i)};
    p.record = all[i].record;
    p.label = all[i].label;
    prompts.push_back(p);
  }
  return judge_held_out(engine, tiny_tokenizer(), prompts, options(), {});
}

HeldOut judged(const std::vector<Asked>& all) {
  FakeEngine engine([&](const TokenRequest& r) { return all[static_cast<std::size_t>(r.prompt[0])].reply; });
  const auto found = judged(all, engine);
  REQUIRE(found.ok());
  return *found;
}

}  // namespace

TEST_CASE("verdicts are counted over all that was asked, orders over pairs") {
  struct Row {
    std::vector<Asked> asked;
    std::int64_t parsed, right, truncated, pairs, consistent, both_right;
  };
  for (const Row& r : {
           Row{{}, 0, 0, 0, 0, 0, 0},
           Row{{{0, Side::kA, kA}}, 1, 1, 0, 0, 0, 0},
           Row{{{0, Side::kA, kB}, {1, Side::kB, kB}, {2, Side::kA, kNone}}, 2, 1, 0, 0, 0, 0},
           Row{{{0, Side::kA, kA}, {0, Side::kB, kB}}, 2, 2, 0, 1, 1, 1},
           Row{{{0, Side::kA, kB}, {0, Side::kB, kA}}, 2, 0, 0, 1, 1, 0},        // wrong both times, of one mind
           Row{{{0, Side::kA, kA}, {0, Side::kB, kA}}, 2, 1, 0, 1, 0, 0},        // always A
           Row{{{0, Side::kA, kNone}, {0, Side::kB, kNone}}, 0, 0, 0, 1, 0, 0},  // no verdict is no agreement
           Row{{{0, Side::kA, kA}, {0, Side::kB, kNone}}, 1, 1, 0, 1, 0, 0},
           Row{{{0, Side::kA, kNone}, {0, Side::kB, kB}}, 1, 1, 0, 1, 0, 0},
           Row{{{0, Side::kA, kBoth}}, 1, 1, 1, 0, 0, 0},  // cut before it contradicts itself
           Row{{{4, Side::kB, kB}, {4, Side::kA, kA}, {7, Side::kA, kA}, {9, Side::kB, kB}, {9, Side::kA, kB}},
               5,
               4,
               0,
               2,
               1,
               1},
       }) {
    CAPTURE(r.asked.size());
    const HeldOut h = judged(r.asked);
    CHECK(h.asked == std::ssize(r.asked));
    CHECK(h.parsed == r.parsed);
    CHECK(h.right == r.right);
    CHECK(h.truncated == r.truncated);
    CHECK(h.pairs == r.pairs);
    CHECK(h.consistent == r.consistent);
    CHECK(h.both_right == r.both_right);
    CHECK(h.accuracy() == (r.asked.empty() ? 0 : static_cast<double>(r.right) / static_cast<double>(r.asked.size())));
  }
}

TEST_CASE("the interval has pairs as trials") {
  std::vector<Asked> all;
  for (std::size_t i = 0; i < 20; ++i) {
    all.push_back({i, Side::kA, i < 15 ? kA : kB});
    all.push_back({i, Side::kB, i < 15 ? kB : kA});
  }
  const HeldOut h = judged(all);
  CHECK(h.accuracy() == 0.75);
  const auto twenty = stats::wilson(15, 20);
  CHECK(h.interval().low == twenty.low);
  CHECK(h.interval().high == twenty.high);
  CHECK(h.length == ids_of(kA).size() + 1.0);
  const auto one_order = judged({{0, Side::kA, kA}, {1, Side::kA, kB}}).interval();
  CHECK(one_order.low == stats::wilson(1, 2).low);
  CHECK(judged({}).interval().low == 0);
  CHECK(judged({}).interval().high == 1);
}

TEST_CASE("it judges greedily, once, whatever rollouts are sampled with") {
  const std::vector<Asked> all{{0, Side::kA, kA}, {0, Side::kB, kA}};
  FakeEngine engine([&](const TokenRequest& r) { return all[static_cast<std::size_t>(r.prompt[0])].reply; });
  REQUIRE(judged(all, engine).ok());
  REQUIRE(engine.asked.size() == 2);
  for (const TokenRequest& r : engine.asked) {
    CHECK(r.temperature == 0);
    CHECK(r.top_p == 1);
    CHECK(r.max_tokens == 40);
    CHECK(r.stop == std::vector{end_token()});
  }
}

TEST_CASE("a stop and a failure are errors") {
  const std::vector<Asked> all{{0, Side::kA, kA}, {0, Side::kB, kA}};
  FakeEngine stopped([](const TokenRequest&) { return kA; }, {-1, -1, 1, 4, false, {}});
  const auto first = judged(all, stopped);
  signals::request_stop(Exit::kDone);
  REQUIRE(!first.ok());
  CHECK(first.error().exit == Exit::kStopped);
  FakeEngine broken([](const TokenRequest&) { return kA; }, {0, -1, -1, 4, false, {}});
  CHECK(judged(all, broken).error().reason == "too_long");
}
