#include "lib/engine/engine.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>

#include "lib/base/signals.h"
#include "lib/engine/sampler.h"
#include "tests/lib/engine/fake_model.h"

using namespace rm;
using namespace rm::engine;
using generate::Finish;
using generate::TokenEvent;
using generate::TokenRequest;

namespace {

struct Reply {
  std::vector<std::int32_t> tokens, argmax;
  std::vector<float> logprobs;
  std::vector<std::vector<float>> watched;
  std::optional<Finish> finish;
  bool operator==(const Reply&) const = default;
};

struct Rig {
  fake::Shape shape;
  int batch = 8;
  std::int64_t pages = 400, context = 400;
  bool deterministic = false;
  int draft = 16;
};

struct Opened {
  std::unique_ptr<Engine> engine;
  fake::Model* model = nullptr;
};

Opened open(const Rig& rig) {
  auto model = std::make_unique<fake::Model>(rig.shape);
  Opened o;
  o.model = model.get();
  CachePlan plan;
  plan.pages = rig.pages;
  plan.context = std::min(rig.context, rig.pages * rig.shape.page_tokens);
  plan.batch = rig.batch;
  generate::EngineOptions options;
  options.deterministic = rig.deterministic;
  options.draft = rig.draft;
  auto engine = Engine::make(std::move(model), plan, options);
  REQUIRE(engine);
  o.engine = *std::move(engine);
  return o;
}

void collect(const std::vector<TokenEvent>& events, std::map<std::uint64_t, Reply>& replies) {
  for (const TokenEvent& e : events) {
    Reply& r = replies[e.id];
    CHECK_FALSE(r.finish.has_value());
    if (e.token >= 0) {
      r.tokens.push_back(e.token);
      r.logprobs.push_back(e.logprob);
      r.argmax.push_back(e.argmax);
      r.watched.push_back(e.watched);
    } else {
      CHECK(e.finish.has_value());
    }
    r.finish = e.finish;
  }
}

std::map<std::uint64_t, Reply> drain(Engine& engine) {
  std::map<std::uint64_t, Reply> replies;
  while (engine.alive() > 0) {
    auto events = engine.step();
    if (!events) FAIL(events.error().text());
    CHECK_FALSE(events->empty());
    collect(*events, replies);
    REQUIRE(engine.pool().consistent());
  }
  CHECK(engine.pool().held() == 0);
  return replies;
}

std::map<std::uint64_t, Reply> run(const Rig& rig, const std::vector<TokenRequest>& requests) {
  auto o = open(rig);
  for (const auto& r : requests) REQUIRE(o.engine->submit(r));
  return drain(*o.engine);
}

// The reply by the definition: the whole history hashed again for every token. Sampling is sample() itself, tested
// alone.
Reply reference(const TokenRequest& r, const fake::Shape& shape, std::int64_t context) {
  Reply reply;
  std::uint64_t history = 1;
  for (const auto t : r.prompt) history = fake::extend(history, t);
  std::vector<std::int32_t> all = r.prompt;
  std::vector<float> row(static_cast<std::size_t>(shape.vocab));
  std::size_t length = r.prompt.size();
  for (std::size_t i = 0;; ++i) {
    const bool echoes = shape.period > 0 && static_cast<std::int64_t>(all.size()) >= shape.period;
    fake::logits_of(history, row, echoes ? all[all.size() - static_cast<std::size_t>(shape.period)] : -1);
    double total = 0;
    for (const float x : row) total += std::exp(static_cast<double>(x));
    const auto logprob = [&](std::int32_t id) {
      return static_cast<float>(row[static_cast<std::size_t>(id)] - std::log(total));
    };
    const auto best = static_cast<std::int32_t>(std::ranges::max_element(row) - row.begin());
    std::int32_t token = best;
    if (!r.forced.empty()) {
      token = r.forced[i];
    } else if (r.temperature > 0) {
      token = sample(row, *row_stats(row), {r.temperature, r.top_p, r.seed}, i);
    }
    if (r.forced.empty() && std::ranges::find(r.stop, token) != r.stop.end()) {
      reply.finish = Finish::kStop;
      return reply;
    }
    reply.tokens.push_back(token);
    reply.argmax.push_back(best);
    reply.logprobs.push_back(logprob(token));
    reply.watched.emplace_back();
    for (const auto w : r.watch) reply.watched.back().push_back(logprob(w));
    history = fake::extend(history, token);
    all.push_back(token);
    ++length;
    if (!r.forced.empty() && i + 1 == r.forced.size()) {
      reply.finish = Finish::kStop;
      return reply;
    }
    if (r.forced.empty() &&
        (static_cast<std::int64_t>(i) + 1 >= r.max_tokens || static_cast<std::int64_t>(length) >= context)) {
      reply.finish = Finish::kLength;
      return reply;
    }
  }
}

void check_equal(const Reply& got, const Reply& want) {
  CHECK(got.tokens == want.tokens);
  CHECK(got.argmax == want.argmax);
  CHECK(got.finish == want.finish);
  REQUIRE(got.logprobs.size() == want.logprobs.size());
  for (std::size_t i = 0; i < want.logprobs.size(); ++i) {
    CHECK(got.logprobs[i] == doctest::Approx(want.logprobs[i]).epsilon(1e-4));
    REQUIRE(got.watched[i].size() == want.watched[i].size());
    for (std::size_t j = 0; j < want.watched[i].size(); ++j)
      CHECK(got.watched[i][j] == doctest::Approx(want.watched[i][j]).epsilon(1e-4));
  }
}

std::vector<std::int32_t> random_tokens(std::mt19937& rng, std::size_t n, std::int64_t vocab) {
  std::vector<std::int32_t> t(n);
  for (auto& x : t) x = static_cast<std::int32_t>(rng() % static_cast<unsigned>(vocab));
  return t;
}

// Prompts that share beginnings of several lengths, hold another's reply, or are the later part of another; replies of
// all kinds.
std::vector<TokenRequest> workload(unsigned seed, int n, const fake::Shape& shape, std::size_t longest) {
  std::mt19937 rng(seed);
  std::vector<std::vector<std::int32_t>> heads;
  for (const std::size_t length : {0u, 3u, 17u, 150u, 150u})
    heads.push_back(random_tokens(rng, std::min(length, longest / 2), shape.vocab));
  std::vector<TokenRequest> all;
  for (int i = 0; i < n; ++i) {
    TokenRequest r;
    r.id = static_cast<std::uint64_t>(i) * 3 + 1;
    r.prompt = heads[rng() % heads.size()];
    const auto tail = random_tokens(rng, 1 + rng() % (longest / 3), shape.vocab);
    if (rng() % 4 != 0 || r.prompt.empty()) r.prompt.insert(r.prompt.end(), tail.begin(), tail.end());
    r.max_tokens = 1 + static_cast<std::int64_t>(rng() % 60);
    r.temperature = rng() % 2 ? 0.8 : 0;
    r.top_p = rng() % 3 ? 1 : 0.7;
    r.seed = rng();
    if (rng() % 2) r.stop = {static_cast<std::int32_t>(rng() % 61), 5};
    if (rng() % 3 == 0) r.watch = {2, 60};
    if (rng() % 6 == 0) r.forced = random_tokens(rng, 1 + rng() % 40, shape.vocab);
    if (rng() % 5 == 0 && !all.empty()) {  // the next turn of an earlier conversation
      const TokenRequest& before = all[rng() % all.size()];
      const Reply reply = reference(before, shape, 1000);
      if (before.prompt.size() + reply.tokens.size() < longest) {
        r.prompt = before.prompt;
        r.prompt.insert(r.prompt.end(), reply.tokens.begin(), reply.tokens.end());
        r.prompt.push_back(3);
      }
    }
    if (rng() % 6 == 0 && r.prompt.size() > 140)
      r.prompt.erase(r.prompt.begin(), r.prompt.begin() + (rng() % 2 ? 128 : 4));
    all.push_back(std::move(r));
  }
  return all;
}

}  // namespace

TEST_CASE("every sequence gets the tokens it would get alone") {
  struct Row {
    const char* what;
    int batch;
    std::int64_t pages;
    int n;
    std::int64_t most_tokens;
  };
  for (const Row& row :
       {Row{"one at a time", 1, 400, 60, 0}, Row{"room for all", 8, 400, 120, 0}, Row{"wide batch", 64, 4000, 300, 0},
        Row{"replies outgrow the cache", 16, 110, 200, 0}, Row{"a cache of one sequence", 8, 100, 60, 0},
        Row{"steps run out of memory", 8, 400, 80, 40}, Row{"steps of one token", 4, 200, 20, 1}}) {
    CAPTURE(row.what);
    Rig rig;
    rig.batch = row.batch;
    rig.pages = row.pages;
    const auto requests = workload(static_cast<unsigned>(row.n), row.n, rig.shape, 300);
    auto o = open(rig);
    o.model->most_tokens = row.most_tokens;
    for (const auto& r : requests) REQUIRE(o.engine->submit(r));
    const auto replies = drain(*o.engine);
    CHECK(replies.size() == requests.size());
    for (const auto& r : requests) {
      CAPTURE(r.id);
      check_equal(replies.at(r.id), reference(r, rig.shape, o.engine->info().context));
    }
    if (row.pages == 110) CHECK(o.engine->stats().preempted > 0);
  }
}

TEST_CASE("guesses save steps and change no reply") {
  Rig rig;
  rig.shape.period = 23;
  const auto requests = workload(12, 90, rig.shape, 300);
  struct Row {
    const char* what;
    int batch;
    std::int64_t pages, most_tokens;
    bool deterministic;
  };
  for (const Row& row :
       {Row{"one at a time", 1, 400, 0, false}, Row{"a few", 4, 400, 0, false}, Row{"a tight cache", 8, 110, 0, false},
        Row{"a cache of one sequence", 4, 100, 0, false}, Row{"steps run out of memory", 4, 400, 9, false},
        Row{"deterministic, one at a time", 1, 400, 0, true}, Row{"deterministic, a group", 8, 400, 0, true}}) {
    CAPTURE(row.what);
    rig.batch = row.batch;
    rig.pages = row.pages;
    rig.deterministic = row.deterministic;
    std::int64_t runs[2] = {};
    for (const int draft : {0, 16}) {
      CAPTURE(draft);
      rig.draft = draft;
      auto o = open(rig);
      o.model->most_tokens = row.most_tokens;
      for (const auto& r : requests) REQUIRE(o.engine->submit(r));
      const auto replies = drain(*o.engine);
      const auto stats = o.engine->stats();
      std::int64_t told = 0;
      for (const auto& r : requests) {
        CAPTURE(r.id);
        check_equal(replies.at(r.id), reference(r, rig.shape, o.engine->info().context));
        told += static_cast<std::int64_t>(replies.at(r.id).tokens.size());
      }
      if (row.most_tokens == 0 || draft == 0) {  // steps that shrank have no rows to spare
        CHECK((stats.drafted_tokens > 0) == (draft > 0));
        CHECK((stats.accepted_tokens > told / 10) == (draft > 0));
      }
      CHECK(stats.accepted_tokens <= stats.drafted_tokens);
      runs[draft > 0] = o.model->runs;
    }
    if (row.most_tokens == 0) CHECK(runs[1] < runs[0]);
  }
}

TEST_CASE("deterministic mode gives the same bytes for every batch, order and cache") {
  Rig rig;
  rig.deterministic = true;
  rig.shape.exact = false;  // a token computed in another shape would show
  rig.batch = 16;
  rig.context = 380;
  auto requests = workload(77, 70, rig.shape, 300);
  const auto want = run(rig, requests);
  REQUIRE(want.size() == requests.size());
  struct Row {
    const char* what;
    int batch;
    std::int64_t pages;
    bool shuffle;
  };
  for (const Row& row :
       {Row{"batch 1", 1, 400, false}, Row{"shuffled", 16, 400, true}, Row{"two groups", 40, 4000, true},
        Row{"replies outgrow the cache", 16, 130, true}, Row{"a cache of one sequence", 16, 95, false}}) {
    CAPTURE(row.what);
    rig.batch = row.batch;
    rig.pages = row.pages;
    if (row.shuffle) std::ranges::shuffle(requests, std::mt19937(5));
    CHECK(run(rig, requests) == want);
  }
  SUBCASE("and for a part of the sequences") {
    rig.batch = 16;
    rig.pages = 400;
    for (std::size_t part = 0; part < 3; ++part) {
      std::vector<TokenRequest> some;
      for (std::size_t i = part; i < requests.size(); i += 3) some.push_back(requests[i]);
      for (const auto& [id, reply] : run(rig, some)) CHECK(reply == want.at(id));
    }
  }
}

TEST_CASE("deterministic mode: a reply computed row by row is not taken for a prompt computed by chunks") {
  Rig rig;
  rig.deterministic = true;
  rig.shape.exact = false;
  std::mt19937 rng(8);
  TokenRequest first;
  first.prompt = random_tokens(rng, 100, rig.shape.vocab);
  first.max_tokens = 200;
  auto o = open(rig);
  REQUIRE(o.engine->submit(first));
  TokenRequest second = first;
  const auto reply = drain(*o.engine).at(first.id).tokens;
  second.prompt.insert(second.prompt.end(), reply.begin(), reply.end());
  second.prompt.push_back(3);
  REQUIRE(o.engine->submit(second));
  CHECK(drain(*o.engine) == run(rig, {second}));
}

TEST_CASE("a prompt asked for n times is computed once") {
  Rig rig;
  std::mt19937 rng(1);
  TokenRequest r;
  r.prompt = random_tokens(rng, 203, rig.shape.vocab);
  r.max_tokens = 1;
  auto o = open(rig);
  for (r.id = 0; r.id < 8; ++r.id) REQUIRE(o.engine->submit(r));
  drain(*o.engine);
  CHECK(o.model->computed == 203 + 7 * 3);  // the last page is not full: 3 tokens each
  CHECK(o.engine->stats().shared_tokens == 7 * 200);
}

TEST_CASE("of the page in which replies to one prompt part, each gets a copy") {
  for (const bool deterministic : {false, true}) {
    Rig rig;
    rig.deterministic = deterministic;
    rig.draft = 0;
    std::mt19937 rng(1);
    TokenRequest r;
    r.prompt = random_tokens(rng, 203, rig.shape.vocab);
    r.max_tokens = 5;
    r.temperature = 1;
    auto o = open(rig);
    for (r.id = 0; r.id < 8; ++r.id) {
      r.seed = r.id;
      REQUIRE(o.engine->submit(r));
    }
    drain(*o.engine);
    CHECK(o.model->copied >= 7);
    CHECK(o.model->computed == 203 + 7 + 8 * 4);  // the last token of a prompt is each one's own
  }
}

TEST_CASE("a common beginning is computed once though the prompts come together") {
  Rig rig;
  std::mt19937 rng(2);
  const auto system = random_tokens(rng, 100, rig.shape.vocab);
  auto o = open(rig);
  for (std::uint64_t id = 0; id < 5; ++id) {
    TokenRequest r;
    r.id = id;
    r.prompt = system;
    const auto tail = random_tokens(rng, 20, rig.shape.vocab);
    r.prompt.insert(r.prompt.end(), tail.begin(), tail.end());
    r.max_tokens = 1;
    REQUIRE(o.engine->submit(r));
  }
  drain(*o.engine);
  CHECK(o.model->computed == 100 + 5 * 20);
}

TEST_CASE("teacher forcing the sampled reply gives the same log-probabilities") {
  Rig rig;
  auto requests = workload(9, 40, rig.shape, 300);
  for (auto& r : requests) r.forced.clear(), r.stop.clear(), r.watch = {1, 2};
  const auto sampled = run(rig, requests);
  for (auto& r : requests) r.forced = sampled.at(r.id).tokens;
  const auto forced = run(rig, requests);
  for (const auto& r : requests) {
    Reply want = sampled.at(r.id);
    want.finish = Finish::kStop;
    CHECK(forced.at(r.id) == want);
  }
}

TEST_CASE("cancelling at any time ends a sequence with one event and leaks nothing") {
  Rig rig;
  rig.pages = 150;
  const auto requests = workload(4, 150, rig.shape, 300);
  auto o = open(rig);
  std::mt19937 rng(6);
  std::map<std::uint64_t, Reply> replies;
  std::vector<std::uint64_t> cancelled;
  std::size_t next = 0;
  while (next < requests.size() || o.engine->alive() > 0) {
    for (unsigned k = rng() % 4; k > 0 && next < requests.size(); --k) REQUIRE(o.engine->submit(requests[next++]));
    if (rng() % 3 == 0 && next > 0) {
      const auto id = requests[rng() % next].id;
      if (!replies[id].finish) cancelled.push_back(id);
      CHECK(o.engine->cancel(id));
      CHECK(o.engine->cancel(id));
    }
    auto events = o.engine->step();
    REQUIRE(events);
    collect(*events, replies);
    REQUIRE(o.engine->pool().consistent());
  }
  CHECK(o.engine->pool().held() == 0);
  for (const auto& r : requests) {
    CAPTURE(r.id);
    REQUIRE(replies.at(r.id).finish.has_value());
    const bool was = std::ranges::find(cancelled, r.id) != cancelled.end();
    CHECK(was == (replies.at(r.id).finish == Finish::kCancelled));
    if (!was) check_equal(replies.at(r.id), reference(r, rig.shape, o.engine->info().context));
  }
}

TEST_CASE("a prompt that leaves no room is refused with what fits and what to do") {
  struct Row {
    std::int64_t prompt, forced;
    bool ok;
  };
  Rig rig;
  rig.context = 100;
  auto o = open(rig);
  for (const Row& row : {Row{99, 0, true}, Row{100, 0, false}, Row{50, 50, true}, Row{50, 51, false}}) {
    CAPTURE(row.prompt);
    TokenRequest r;
    r.prompt.assign(static_cast<std::size_t>(row.prompt), 1);
    r.forced.assign(static_cast<std::size_t>(row.forced), 2);
    r.max_tokens = 1000;
    r.id = static_cast<std::uint64_t>(row.prompt * 1000 + row.forced);
    const auto done = o.engine->submit(r);
    CHECK(done.ok() == row.ok);
    if (done) continue;
    CHECK(done.error().reason == "too_long");
    CHECK(done.error().exit == Exit::kInput);
    CHECK(done.error().message.find("100") != std::string::npos);
    CHECK(done.error().message.find("--context") != std::string::npos);
  }
  const auto replies = drain(*o.engine);
  CHECK(replies.at(99'000).finish == Finish::kLength);
  CHECK(replies.at(99'000).tokens.size() == 1);
}

TEST_CASE("a request that cannot be right is refused and harms nothing") {
  auto o = open({});
  TokenRequest good;
  good.prompt = {1, 2, 3};
  good.max_tokens = 4;
  REQUIRE(o.engine->submit(good));
  const std::vector<std::pair<const char*, std::function<void(TokenRequest&)>>> rows = {
      {"repeated id", [](TokenRequest& r) { r.id = 0; }},
      {"empty prompt", [](TokenRequest& r) { r.prompt.clear(); }},
      {"token beyond the vocabulary", [](TokenRequest& r) { r.prompt[1] = 61; }},
      {"negative token", [](TokenRequest& r) { r.prompt[1] = -1; }},
      {"watched token beyond the vocabulary", [](TokenRequest& r) { r.watch = {61}; }},
      {"no tokens wanted", [](TokenRequest& r) { r.max_tokens = 0; }},
      {"temperature", [](TokenRequest& r) { r.temperature = std::nan(""); }},
      {"negative temperature", [](TokenRequest& r) { r.temperature = -1; }},
      {"top-p of 0", [](TokenRequest& r) { r.top_p = 0; }},
      {"top-p above 1", [](TokenRequest& r) { r.top_p = 1.5; }}};
  for (const auto& [what, spoil] : rows) {
    CAPTURE(what);
    TokenRequest r = good;
    r.id = 9;
    spoil(r);
    const auto done = o.engine->submit(r);
    REQUIRE_FALSE(done.ok());
    CHECK(done.error().reason == "bad_request");
  }
  CHECK(drain(*o.engine).at(0).tokens.size() == 4);
}

TEST_CASE("a logit that is no number is an error that names the sequence") {
  auto o = open({});
  TokenRequest r;
  r.id = 42;
  r.prompt = {1, 2, 3};
  r.max_tokens = 4;
  REQUIRE(o.engine->submit(r));
  o.model->poison = true;
  const auto events = o.engine->step();
  REQUIRE_FALSE(events.ok());
  CHECK(events.error().exit == Exit::kModel);
  CHECK(events.error().reason == "not_finite");
  CHECK(events.error().message.find("sequence 42") != std::string::npos);
  CHECK(events.error().message.find("token 30") != std::string::npos);
}

TEST_CASE("a single token that does not fit in memory is an error, not a loop") {
  auto o = open({});
  o.model->most_tokens = 1;
  TokenRequest r;
  r.prompt = {1};
  r.max_tokens = 1;
  REQUIRE(o.engine->submit(r));
  CHECK(o.engine->step().ok());
}

TEST_CASE("nothing alive, nothing to do") {
  auto o = open({});
  const auto events = o.engine->step();
  REQUIRE(events);
  CHECK(events->empty());
  CHECK(o.model->runs == 0);
}
