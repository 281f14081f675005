// Rollouts in passes: shared prompts, full passes, and nothing lost, by hand and over many random groups.
#include "lib/rl/passes.h"

#include <doctest/doctest.h>

#include <cmath>
#include <deque>
#include <map>

#include "lib/base/rng.h"

using namespace rm;
using namespace rm::rl;

namespace {

// Prompt i is made of token -(i + 1); every token of a reply is there once.
struct Batch {
  std::deque<Prompt> prompts;
  std::deque<Rollout> rollouts;
  std::vector<Lesson> lessons;
  std::int32_t next = 0;

  void add_group(std::size_t prompt_tokens, const std::vector<std::size_t>& lengths) {
    Prompt p;
    p.ids.assign(prompt_tokens, -static_cast<std::int32_t>(prompts.size()) - 1);
    prompts.push_back(std::move(p));
    for (const std::size_t n : lengths) {
      Rollout r;
      for (std::size_t t = 0; t < n; ++t) {
        r.ids.push_back(next);
        r.logprobs.push_back(-0.01f * static_cast<float>(next++));
      }
      rollouts.push_back(std::move(r));
      lessons.push_back({&prompts.back(), &rollouts.back(), 0, 0, {}, {}, 0});
    }
  }
};

// "P5 r3 r2 | P5 r4": prompts and replies by length, passes between bars.
std::string shape(const std::vector<RolloutPass>& passes) {
  std::string out;
  for (const RolloutPass& p : passes) {
    if (!out.empty()) out += "| ";
    for (std::size_t i = 0; i < p.pass.begins.size(); ++i) {
      const auto end = i + 1 < p.pass.begins.size() ? p.pass.begins[i + 1] : std::ssize(p.pass.ids);
      out += (p.pass.parents[i] < 0 ? "P" : "r") + std::to_string(end - p.pass.begins[i]) + " ";
    }
  }
  return out;
}

// Every reply's token once, behind its own prompt, at its place; prompts count nothing.
void check_whole(const Batch& b, const std::vector<RolloutPass>& passes, std::int64_t most) {
  std::map<std::int32_t, int> seen;
  std::size_t expected = 0;
  for (const RolloutPass& p : passes) {
    REQUIRE(p.pass.begins.size() == p.pass.parents.size());
    REQUIRE(p.pass.weights.size() == p.pass.ids.size());
    REQUIRE(!p.places.empty());
    CHECK((std::ssize(p.pass.ids) <= most || p.places.size() == 1));
    std::size_t place = 0;
    for (std::size_t i = 0; i < p.pass.begins.size(); ++i) {
      const auto begin = static_cast<std::size_t>(p.pass.begins[i]);
      if (p.pass.parents[i] < 0) {
        CHECK(p.pass.weights[begin] == 0);
        continue;
      }
      REQUIRE(place < p.places.size());
      const RolloutPass::Place& at = p.places[place++];
      const Lesson& l = b.lessons[at.lesson];
      CHECK(at.lesson == expected++);
      CHECK(at.begin == begin);
      const auto root = static_cast<std::size_t>(p.pass.parents[i]);
      REQUIRE(root < i);
      CHECK(p.pass.parents[root] == -1);
      for (std::size_t t = 0; t < l.prompt->ids.size(); ++t)
        CHECK(p.pass.ids[static_cast<std::size_t>(p.pass.begins[root]) + t] == l.prompt->ids[t]);
      for (std::size_t t = 0; t < l.rollout->ids.size(); ++t) {
        CHECK(p.pass.ids[begin + t] == l.rollout->ids[t]);
        CHECK(p.pass.weights[begin + t] == 1);
        ++seen[p.pass.ids[begin + t]];
      }
    }
    CHECK(place == p.places.size());
  }
  CHECK(expected == b.lessons.size());
  CHECK(std::ssize(seen) == b.next);
  for (const auto& [id, times] : seen) CHECK(times == 1);
}

}  // namespace

TEST_CASE("rollouts of one prompt share it, up to what a pass holds") {
  struct Group {
    std::size_t prompt;
    std::vector<std::size_t> replies;
  };
  struct Row {
    std::vector<Group> groups;
    std::int64_t most;
    const char* shape;
  };
  for (const Row& r : {
           Row{{}, 10, ""},
           Row{{{5, {3, 2, 4}}}, 14, "P5 r3 r2 r4 "},
           Row{{{5, {3, 2, 4}}}, 13, "P5 r3 r2 | P5 r4 "},
           Row{{{5, {3, 2, 4}}}, 8, "P5 r3 | P5 r2 | P5 r4 "},
           Row{{{5, {3}}, {2, {1, 1}}}, 12, "P5 r3 P2 r1 r1 "},
           Row{{{5, {3}}, {2, {1, 1}}}, 11, "P5 r3 | P2 r1 r1 "},             // whole where it can be
           Row{{{5, {3}}, {2, {4, 4, 4}}}, 11, "P5 r3 | P2 r4 r4 | P2 r4 "},  // one that is split begins a pass
           Row{{{5, {30, 1}}, {1, {1}}}, 11, "P5 r30 | P5 r1 P1 r1 "},        // longer than a pass: alone
           Row{{{50, {3, 3}}}, 11, "P50 r3 | P50 r3 "},
           Row{{{1, {1}}, {1, {1}}}, 1, "P1 r1 | P1 r1 "},
       }) {
    Batch b;
    for (const Group& g : r.groups) b.add_group(g.prompt, g.replies);
    const auto passes = lay_out(b.lessons, r.most);
    CHECK(shape(passes) == r.shape);
    check_whole(b, passes, r.most);
  }
}

TEST_CASE("over random groups no token is lost, doubled or behind another prompt") {
  Rng rng(3);
  for (int round = 0; round < 300; ++round) {
    CAPTURE(round);
    Batch b;
    const auto groups = rng.below(5);
    for (std::uint64_t g = 0; g < groups; ++g) {
      std::vector<std::size_t> lengths(1 + rng.below(6));
      for (std::size_t& n : lengths) n = 1 + rng.below(20);
      b.add_group(1 + rng.below(15), lengths);
    }
    const auto most = static_cast<std::int64_t>(1 + rng.below(60));
    check_whole(b, lay_out(b.lessons, most), most);
  }
}

TEST_CASE("two prompts that say the same are two prompts") {
  Batch b;
  b.add_group(4, {2});
  b.add_group(4, {2});
  b.prompts[1].ids = b.prompts[0].ids;
  CHECK(shape(lay_out(b.lessons, 100)) == "P4 r2 P4 r2 ");
}

TEST_CASE("the policy's numbers stand at the tokens of their rollouts, and nowhere else") {
  Batch b;
  b.add_group(3, {2, 1});
  b.lessons[0].advantage = 1.5;
  b.lessons[0].weight = 0.25;
  b.lessons[1].advantage = -0.5;
  b.lessons[1].weight = 0.125;
  b.lessons[1].old = {-0.75f};
  b.lessons[1].reference = {-2};
  b.lessons[0].old = {-1.0f, -3.0f};
  b.lessons[0].cap = 2;
  tune::PolicyRule rule;
  rule.clip_high = 0.3;
  auto passes = lay_out(b.lessons, 100);
  REQUIRE(passes.size() == 1);
  set_policy(passes[0], b.lessons, rule);
  const tune::Pass& p = passes[0].pass;
  CHECK(p.rule.clip_high == 0.3);
  REQUIRE(p.policy.size() == 6);
  CHECK(p.weights == std::vector<float>{0, 0, 0, 0.25f, 0.25f, 0.125f});
  CHECK(p.policy[3].advantage == 1.5f);
  CHECK(p.policy[4].advantage == 1.5f);
  CHECK(p.policy[5].advantage == -0.5f);
  CHECK(p.policy[3].old == -1.0f);
  CHECK(p.policy[4].old == -3.0f);
  CHECK(p.policy[5].old == -0.75f);
  CHECK(std::isnan(p.policy[3].reference));
  CHECK(p.policy[5].reference == -2);
  CHECK(p.policy[4].sampled == b.rollouts[0].logprobs[1]);
  CHECK(p.policy[3].scale == doctest::Approx(std::exp(-1.0)));  // sampled at 0, trained at -1
  CHECK(p.policy[4].scale == doctest::Approx(std::exp(-3.0 + 0.01)));
  CHECK(p.policy[5].scale == 1);  // no cap, no correction

  b.lessons[0].old.clear();  // a second time over: nothing is left of the first
  b.lessons[0].cap = 0;
  set_policy(passes[0], b.lessons, rule);
  CHECK(std::isnan(passes[0].pass.policy[3].old));
  CHECK(passes[0].pass.policy[3].scale == 1);
}
