// Sampling over an engine that writes by a script: seeds, ends, stops and failures.
#include "lib/rl/rollouts.h"

#include <set>

#include "tests/lib/rl/fakes.h"

using namespace rm;
using namespace rm::rl;
using generate::TokenRequest;

namespace {

std::vector<Prompt> prompts(int n) {
  std::vector<Prompt> out(static_cast<std::size_t>(n));
  for (int i = 0; i < n; ++i) out[static_cast<std::size_t>(i)].ids = {i, 7, 7};
  return out;
}

std::vector<const Prompt*> pointers(const std::vector<Prompt>& all) {
  std::vector<const Prompt*> out;
  for (const Prompt& p : all) out.push_back(&p);
  return out;
}

SamplingOptions options(std::int64_t count, std::int64_t most = 100) {
  SamplingOptions o;
  o.count = count;
  o.max_tokens = most;
  o.stops = {end_token()};
  return o;
}

std::uint64_t place_seed(std::size_t i, std::int64_t index) {
  return rollout_seed(5, 2, static_cast<std::int64_t>(i), index);
}

// What a reply is follows from its seed and prompt alone.
std::string by_seed(const TokenRequest& r) {
  return std::string(r.seed % 13, 'x') + std::to_string(r.prompt[0]) + "." + std::to_string(r.seed % 1000);
}

bool same(const Rollout& a, const Rollout& b) {
  return a.ids == b.ids && a.logprobs == b.logprobs && a.text == b.text && a.truncated == b.truncated;
}

}  // namespace

TEST_CASE("a rollout's seed follows from run, step, prompt and index, each of them") {
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed : {0u, 1u}) {
    for (std::int64_t step = 0; step < 5; ++step) {
      for (std::int64_t prompt = 0; prompt < 5; ++prompt) {
        for (std::int64_t index = 0; index < 5; ++index) seen.insert(rollout_seed(seed, step, prompt, index));
      }
    }
  }
  CHECK(seen.size() == 2 * 5 * 5 * 5);
  CHECK(rollout_seed(1, 2, 3, 4) == rollout_seed(1, 2, 3, 4));
}

TEST_CASE("rollouts come in order of their prompts, the same however a batch is scheduled") {
  const auto all = prompts(5);
  std::vector<std::vector<Rollout>> first;
  for (const EngineFaults& f : {EngineFaults{}, EngineFaults{-1, -1, -1, 1, false, {}},
                                EngineFaults{-1, -1, -1, 1000, true, {}}, EngineFaults{-1, -1, -1, 3, true, {}}}) {
    FakeEngine engine(by_seed, f);
    std::int64_t told = 0;
    const auto found =
        sample(engine, tiny_tokenizer(), pointers(all), options(3), place_seed, [&](std::int64_t n) { told += n; });
    REQUIRE(found.ok());
    REQUIRE(found->size() == 5);
    std::int64_t tokens = 0;
    for (std::size_t i = 0; i < 5; ++i) {
      REQUIRE((*found)[i].size() == 3);
      for (std::size_t j = 0; j < 3; ++j) {
        const std::uint64_t seed = place_seed(i, static_cast<std::int64_t>(j));
        CHECK((*found)[i][j].text ==
              std::string(seed % 13, 'x') + std::to_string(i) + "." + std::to_string(seed % 1000));
        tokens += std::ssize((*found)[i][j].ids);
        if (!first.empty()) CHECK(same((*found)[i][j], first[i][j]));
      }
    }
    CHECK(told == tokens);
    CHECK(engine.alive() == 0);
    if (first.empty()) first = *found;
  }
}

TEST_CASE("the engine is asked for what the options say") {
  FakeEngine engine(by_seed);
  const auto all = prompts(2);
  SamplingOptions o = options(2, 17);
  o.temperature = 0.5;
  o.top_p = 0.9;
  REQUIRE(sample(engine, tiny_tokenizer(), pointers(all), o, place_seed, {}).ok());
  REQUIRE(engine.asked.size() == 4);
  std::set<generate::SequenceId> ids;
  for (std::size_t k = 0; k < 4; ++k) {
    const TokenRequest& r = engine.asked[k];
    CHECK(r.prompt == all[k / 2].ids);
    CHECK(r.seed == place_seed(k / 2, static_cast<std::int64_t>(k % 2)));
    CHECK(r.max_tokens == 17);
    CHECK(r.temperature == 0.5);
    CHECK(r.top_p == 0.9);
    CHECK(r.stop == std::vector{end_token()});
    ids.insert(r.id);
  }
  CHECK(ids.size() == 4);
}

TEST_CASE("the end token is part of a reply, with its log-probability; a truncated one has none") {
  struct Row {
    const char* text;
    std::int64_t most;
    bool truncated;
  };
  for (const Row& r : {Row{"abc", 10, false}, Row{"", 10, false}, Row{"abc", 4, false}, Row{"abc", 3, true},
                       Row{"abc", 1, true}, Row{"h\xC3\xA4", 10, false}, Row{"h\xC3\xA4", 2, true}}) {
    CAPTURE(r.text);
    CAPTURE(r.most);
    FakeEngine engine([&](const TokenRequest&) { return r.text; });
    const auto all = prompts(1);
    const auto found = sample(engine, tiny_tokenizer(), pointers(all), options(1, r.most), place_seed, {});
    REQUIRE(found.ok());
    const Rollout& one = (*found)[0][0];
    CHECK(one.truncated == r.truncated);
    text::Ids expected = ids_of(r.text);
    if (r.truncated) {
      expected.resize(static_cast<std::size_t>(r.most));
    } else {
      expected.push_back(end_token());
      CHECK(one.text == r.text);
    }
    CHECK(one.ids == expected);
    REQUIRE(one.logprobs.size() == one.ids.size());
    for (std::size_t t = 0; t < one.ids.size(); ++t) CHECK(one.logprobs[t] == FakeEngine::logprob(one.ids[t]));
    CHECK(one.text.find("<|im|>") == std::string::npos);
  }
  FakeEngine engine([](const TokenRequest&) { return "h\xC3\xA4"; });
  const auto all = prompts(1);
  const auto cut = sample(engine, tiny_tokenizer(), pointers(all), options(1, 2), place_seed, {});
  CHECK((*cut)[0][0].text == "h\xEF\xBF\xBD");  // half a character
}

TEST_CASE("no prompts are no rollouts") {
  FakeEngine engine(by_seed);
  const auto found = sample(engine, tiny_tokenizer(), {}, options(3), place_seed, {});
  REQUIRE(found.ok());
  CHECK(found->empty());
}

TEST_CASE("stopped, it returns the stop and leaves the engine empty") {
  const auto all = prompts(4);
  for (const int when : {0, 1, 5}) {
    CAPTURE(when);
    FakeEngine engine(by_seed, {-1, -1, when, 2, false, {}});
    const auto found = sample(engine, tiny_tokenizer(), pointers(all), options(3), place_seed, {});
    signals::request_stop(Exit::kDone);
    REQUIRE(!found.ok());
    CHECK(found.error().exit == Exit::kStopped);
    CHECK(engine.alive() == 0);
    CHECK(sample(engine, tiny_tokenizer(), pointers(all), options(3), place_seed, {}).ok());  // it can be used again
  }
}

TEST_CASE("a request that is refused is the error, and the engine is empty") {
  const auto all = prompts(4);
  for (const int which : {0, 3, 11}) {
    CAPTURE(which);
    FakeEngine engine(by_seed, {which, -1, -1, 2, false, {}});
    const auto found = sample(engine, tiny_tokenizer(), pointers(all), options(3), place_seed, {});
    REQUIRE(!found.ok());
    CHECK(found.error().reason == "too_long");
    CHECK(engine.alive() == 0);
  }
}

TEST_CASE("an engine that fails is the error") {
  const auto all = prompts(4);
  FakeEngine engine(by_seed, {-1, 2, -1, 2, false, {}});
  const auto found = sample(engine, tiny_tokenizer(), pointers(all), options(3), place_seed, {});
  REQUIRE(!found.ok());
  CHECK(found.error().reason == "out_of_memory");
}
