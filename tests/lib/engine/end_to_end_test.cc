// The engine over a real model. Skipped where SmolLM2-135M-Instruct is not installed (make demo's data folder, or RM_TEST_MODELS).
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <map>
#include <random>

#include "lib/generate/token_engine.h"

using namespace rm;
using namespace rm::generate;

extern "C" int rm_engine_abi();
extern "C" int rm_engine_open(const EngineOptions*, TokenEngine**, Error*);

namespace {

std::string model_path() {
  const char *models = std::getenv("RM_TEST_MODELS"), *data = std::getenv("XDG_DATA_HOME"), *home = std::getenv("HOME");
  std::string folder = models != nullptr ? models : "";
  if (folder.empty())
    folder = (data != nullptr ? std::string(data) : std::string(home != nullptr ? home : "") + "/.local/share") +
             "/rm-r1/models";
  const std::string path = folder + "/smollm2-135m-instruct-q4_1.gguf";
  struct stat s {};
  if (stat(path.c_str(), &s) == 0) return path;
  MESSAGE("skipped: " << path << " is not there");
  return {};
}

std::unique_ptr<TokenEngine> open(EngineOptions o) {
  TokenEngine* engine = nullptr;
  Error error;
  o.device = "cpu";
  if (rm_engine_open(&o, &engine, &error) != 0) FAIL(error.text());
  return std::unique_ptr<TokenEngine>(engine);
}

struct Reply {
  std::vector<std::int32_t> tokens;
  std::vector<float> logprobs;
  bool operator==(const Reply&) const = default;
};

std::map<SequenceId, Reply> run(TokenEngine& engine, const std::vector<TokenRequest>& requests) {
  std::map<SequenceId, Reply> replies;
  for (const auto& r : requests) REQUIRE(engine.submit(r));
  while (engine.alive() > 0) {
    auto events = engine.step();
    if (!events) FAIL(events.error().text());
    for (const TokenEvent& e : *events) {
      if (e.token < 0) continue;
      replies[e.id].tokens.push_back(e.token);
      replies[e.id].logprobs.push_back(e.logprob);
    }
  }
  return replies;
}

// Prompts of random ids, half of them with a common beginning.
std::vector<TokenRequest> requests(int n, std::int64_t max_tokens, double temperature) {
  std::mt19937 rng(12);
  const auto random = [&rng](std::size_t count) {
    std::vector<std::int32_t> t(count);
    for (auto& x : t) x = static_cast<std::int32_t>(500 + rng() % 40'000);
    return t;
  };
  const auto head = random(140);
  std::vector<TokenRequest> all;
  for (int i = 0; i < n; ++i) {
    TokenRequest r;
    r.id = static_cast<SequenceId>(i);
    if (i % 2 == 0) r.prompt = head;
    const auto tail = random(3 + static_cast<std::size_t>(i) * 13);
    r.prompt.insert(r.prompt.end(), tail.begin(), tail.end());
    r.max_tokens = max_tokens;
    r.temperature = temperature;
    r.seed = static_cast<std::uint64_t>(i) + 1;
    all.push_back(std::move(r));
  }
  return all;
}

}  // namespace

TEST_CASE("deterministic mode on a real model: batch 1, batch 16 and any order give the same bytes") {
  const std::string path = model_path();
  if (path.empty()) return;
  auto asked = requests(9, 12, 0.8);
  std::map<SequenceId, Reply> first;
  for (const int batch : {16, 1, 3}) {
    EngineOptions o;
    o.model = path;
    o.batch = batch;
    o.context = 1024;
    o.deterministic = true;
    const auto replies = run(*open(o), asked);
    if (first.empty()) first = replies;
    CHECK(replies == first);
    std::ranges::reverse(asked);
  }
}

TEST_CASE("a reply given back is as likely as when it was drawn") {
  const std::string path = model_path();
  if (path.empty()) return;
  EngineOptions o;
  o.model = path;
  o.context = 1024;
  const auto engine = open(o);
  auto asked = requests(6, 10, 1);
  const auto drawn = run(*engine, asked);
  for (auto& r : asked) r.forced = drawn.at(r.id).tokens;
  for (const auto& [id, reply] : run(*engine, asked)) {
    REQUIRE(reply.tokens == drawn.at(id).tokens);
    for (std::size_t i = 0; i < reply.tokens.size(); ++i)
      CHECK(reply.logprobs[i] == doctest::Approx(drawn.at(id).logprobs[i]).epsilon(0.02));
  }
}

TEST_CASE("what cannot be opened is an error") {
  CHECK(rm_engine_abi() == kEngineAbi);
  struct Row {
    const char *model, *device, *dtype;
    Exit exit;
  };
  for (const Row& r :
       {Row{"/nonexistent/model.gguf", "cpu", "auto", Exit::kModel}, Row{"", "cpu", "auto", Exit::kModel}}) {
    EngineOptions o;
    o.model = r.model;
    o.device = r.device;
    o.dtype = r.dtype;
    TokenEngine* engine = nullptr;
    Error error;
    CHECK(rm_engine_open(&o, &engine, &error) != 0);
    CHECK(engine == nullptr);
    CHECK(error.exit == r.exit);
    CHECK_FALSE(error.message.empty());
  }
  if (const std::string path = model_path(); !path.empty()) {
    EngineOptions o;
    o.model = path;
    o.device = "cuda";
    TokenEngine* engine = nullptr;
    Error error;
    CHECK(rm_engine_open(&o, &engine, &error) != 0);
    CHECK(error.exit == Exit::kResources);
    CHECK(error.reason == "no_device");
  }
}
