// What reinforcement learning asks of a trainer: sequences that share their beginning, a loss by log-probability, a frozen
// reference, and an engine over the very weights.
#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "lib/train/trainer.h"
#include "tests/lib/model/fake_file.h"

#undef CHECK  // c10's; doctest's is meant
#include <doctest/doctest.h>

using namespace rm;
using tune::Under;
using weightfile::Arch;
using weightfile::FakeFile;
using weightfile::ModelConfig;

namespace {

constexpr Arch kArchs[] = {Arch::kLlama, Arch::kQwen2, Arch::kQwen3};

ModelConfig config(Arch arch) {
  ModelConfig c = weightfile::small_config();
  c.arch = arch;
  c.tied = arch == Arch::kLlama;
  c.qkv_bias = arch == Arch::kQwen2;
  c.qk_norm = arch == Arch::kQwen3;
  return c;
}

tune::TrainerOptions options(bool lora, const char* dtype = "f32") {
  tune::TrainerOptions o;
  o.device = "cpu";
  o.dtype = dtype;
  o.reference = true;
  if (lora) o.lora = {4, 8, {"q_proj", "v_proj", "down_proj", "up_proj"}};
  return o;
}

std::unique_ptr<train::TorchTrainer> make(Arch arch, const tune::TrainerOptions& o, bool plain = false) {
  auto t = train::TorchTrainer::make(std::make_unique<FakeFile>(config(arch)), o, plain);
  REQUIRE_MESSAGE(t.ok(), t.error().text());
  return *std::move(t);
}

std::vector<std::int32_t> tokens(std::int64_t n, std::uint64_t seed) {
  std::vector<std::int32_t> out;
  for (std::int64_t i = 0; i < n; ++i) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    out.push_back(static_cast<std::int32_t>(seed >> 33) % 200);
  }
  return out;
}

void append(tune::Pass& p, const std::vector<std::int32_t>& ids, std::int64_t parent, std::size_t first_target,
            float weight) {
  p.begins.push_back(std::ssize(p.ids));
  p.parents.push_back(parent);
  for (std::size_t i = 0; i < ids.size(); ++i) {
    p.ids.push_back(ids[i]);
    p.weights.push_back(i >= first_target ? weight : 0.0f);
  }
}

// Two prompts, the first with three replies and the second with two, and one sequence of its own.
struct Rollouts {
  tune::Pass shared, apart;
};
Rollouts rollouts() {
  Rollouts r;
  std::uint64_t seed = 3;
  std::int64_t root = 0;
  for (const auto& [prompt_tokens, lengths] : {std::pair{17, std::vector{5, 9, 1}}, std::pair{8, std::vector{3, 12}}}) {
    const auto prompt = tokens(prompt_tokens, ++seed);
    append(r.shared, prompt, -1, prompt.size(), 0);
    const std::int64_t parent = root++;
    for (const int n : lengths) {
      const auto reply = tokens(n, ++seed);
      const float weight = 0.01f * static_cast<float>(n);
      append(r.shared, reply, parent, 0, weight);
      ++root;
      auto whole = prompt;
      whole.insert(whole.end(), reply.begin(), reply.end());
      append(r.apart, whole, -1, prompt.size(), weight);
    }
  }
  for (tune::Pass* p : {&r.shared, &r.apart}) append(*p, tokens(11, 99), -1, 4, 0.02f);
  return r;
}

std::vector<float> targets_of(const tune::Pass& p, const std::vector<float>& all) {
  std::vector<float> out;
  for (std::size_t t = 0; t < all.size(); ++t) {
    if (p.weights[t] != 0) out.push_back(all[t]);
  }
  return out;
}

std::vector<std::vector<float>> gradients(const tune::Trainer& t) {
  std::vector<std::vector<float>> out;
  for (std::size_t i = 0; i < t.state().size(); ++i) {
    if (t.state()[i].slot != "weight") continue;
    out.emplace_back(t.state()[i].elements());
    REQUIRE(t.read_gradient(i, 0, out.back()).ok());
  }
  return out;
}

// Of the worst tensor: length of the difference over that of the reference.
double distance(const std::vector<std::vector<float>>& a, const std::vector<std::vector<float>>& reference) {
  double worst = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    double off = 0, length = 1e-30;
    for (std::size_t j = 0; j < a[i].size(); ++j) {
      off += std::pow(a[i][j] - reference[i][j], 2);
      length += std::pow(reference[i][j], 2);
    }
    worst = std::max(worst, std::sqrt(off / length));
  }
  return worst;
}

std::vector<float> logprobs(tune::Trainer& t, const tune::Pass& p, Under under = Under::kNow) {
  const auto found = t.logprobs(p, under);
  REQUIRE_MESSAGE(found.ok(), found.error().text());
  REQUIRE(found->size() == p.ids.size());
  return targets_of(p, *found);
}

double worst(const std::vector<float>& a, const std::vector<float>& b) {
  REQUIRE(a.size() == b.size());
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(static_cast<double>(a[i]) - b[i]));
  return most;
}

}  // namespace

TEST_CASE("replies behind one prompt train as they would each behind their own") {
  for (const Arch arch : kArchs) {
    for (const bool lora : {false, true}) {
      CAPTURE(weightfile::name(arch));
      CAPTURE(lora);
      const Rollouts r = rollouts();
      const auto one = make(arch, options(lora)), other = make(arch, options(lora));
      for (auto* t : {one.get(), other.get()}) {  // so that B is not zero
        if (lora) REQUIRE((t->accumulate(r.apart).ok() && t->step({1e-2, 0}).ok()));
      }
      CHECK(worst(logprobs(*one, r.shared), logprobs(*other, r.apart)) < 2e-5);
      const auto a = one->accumulate(r.shared), b = other->accumulate(r.apart);
      REQUIRE((a.ok() && b.ok()));
      CHECK(a->targets == b->targets);
      CHECK(a->right == b->right);
      CHECK(a->loss == doctest::Approx(b->loss).epsilon(1e-6));
      CHECK(distance(gradients(*one), gradients(*other)) < 5e-6);
      for (const bool plain : {false, true}) {
        tune::TrainerOptions o = options(lora);
        o.kept_layers = plain ? 0 : 2;
        const auto third = make(arch, o, plain);
        if (lora) REQUIRE((third->accumulate(r.apart).ok() && third->step({1e-2, 0}).ok()));
        REQUIRE(third->accumulate(r.shared).ok());
        CHECK(distance(gradients(*third), gradients(*other)) < 1e-5);
      }
    }
  }
}

TEST_CASE("the gradient of a policy's loss is its slope, whatever decides a token") {
  tune::PolicyRule rule;
  rule.kl = 0.3;
  rule.dual_clip = 3;
  rule.clip_high = 0.28;
  for (const bool lora : {false, true}) {
    CAPTURE(lora);
    const auto t = make(Arch::kQwen2, options(lora));
    tune::Pass p = rollouts().shared;
    if (lora) REQUIRE((t->accumulate(p).ok() && t->step({1e-2, 0}).ok()));
    const std::vector<float> now = *t->logprobs(p, Under::kNow);
    p.rule = rule;
    p.policy.resize(p.ids.size());
    int kind = 0;
    for (std::size_t i = 0; i < p.ids.size(); ++i) {
      if (p.weights[i] == 0) continue;
      // Ratios within, above and below the clip, for both signs of the advantage, away from its edges.
      constexpr float kOff[] = {0.05f, 0.6f, -0.6f, -1.5f};
      p.policy[i].old = now[i] + kOff[kind % 4];
      p.policy[i].advantage = kind / 4 % 2 == 0 ? 1.3f : -0.7f;
      p.policy[i].reference = now[i] + 0.1f * static_cast<float>(kind % 7 - 3);
      p.policy[i].scale = kind % 3 == 0 ? 0.5f : 1.0f;
      ++kind;
    }
    REQUIRE(kind >= 30);
    const auto sums = t->accumulate(p);
    REQUIRE(sums.ok());
    CHECK(sums->clipped > 5);
    CHECK(sums->clipped < sums->targets);
    CHECK(t->evaluate(p)->loss == doctest::Approx(sums->loss).epsilon(1e-6));
    int looked = 0;
    for (std::size_t i = 0; i < t->state().size(); ++i) {
      if (t->state()[i].slot != "weight") continue;
      const std::size_t n = t->state()[i].elements();
      std::vector<float> x(n), g(n), moved(n);
      REQUIRE(t->read_state(i, 0, x).ok());
      REQUIRE(t->read_gradient(i, 0, g).ok());
      double length = 0;
      for (const float v : g) length += static_cast<double>(v) * v;
      if (length < 1e-12) continue;
      const double h = 1e-4 / std::sqrt(length);  // along the gradient
      const auto at = [&](double step) {
        for (std::size_t j = 0; j < n; ++j) moved[j] = x[j] + static_cast<float>(step * g[j]);
        REQUIRE(t->write_state(i, 0, moved).ok());
        return t->evaluate(p)->loss;
      };
      const double found = (at(h) - at(-h)) / (2 * h);
      REQUIRE(t->write_state(i, 0, x).ok());
      CAPTURE(t->state()[i].name);
      CHECK(found == doctest::Approx(length).epsilon(0.02));
      ++looked;
    }
    CHECK(looked >= 20);
  }
}

TEST_CASE("where nothing has moved the ratio is 1, and the loss a weighted log-probability") {
  const auto one = make(Arch::kLlama, options(false)), other = make(Arch::kLlama, options(false));
  tune::Pass p = rollouts().shared, plain = p;
  p.policy.resize(p.ids.size());
  p.rule.kl = 0;
  for (std::size_t i = 0; i < p.ids.size(); ++i) p.policy[i].advantage = 1;
  REQUIRE((one->accumulate(p).ok() && other->accumulate(plain).ok()));
  CHECK(distance(gradients(*one), gradients(*other)) < 1e-6);
}

TEST_CASE("the reference stays what the run began from") {
  for (const bool lora : {false, true}) {
    CAPTURE(lora);
    const auto t = make(Arch::kQwen3, options(lora));
    const tune::Pass p = rollouts().shared;
    const auto first = logprobs(*t, p);
    CHECK(worst(logprobs(*t, p, Under::kReference), first) < 1e-6);
    REQUIRE(t->accumulate(p).ok());
    REQUIRE(t->step({1e-2, 0}).ok());
    CHECK(worst(logprobs(*t, p), first) > 1e-3);
    CHECK(worst(logprobs(*t, p, Under::kReference), first) < 1e-6);
  }
  tune::TrainerOptions o = options(false);
  o.reference = false;
  CHECK(make(Arch::kLlama, o)->logprobs(rollouts().shared, Under::kReference).error().exit == Exit::kBug);
}

TEST_CASE("what an engine samples from weights in training, the trainer finds as likely") {
  for (const Arch arch : kArchs) {
    for (const bool lora : {false, true}) {
      for (const bool deterministic : {false, true}) {
        CAPTURE(weightfile::name(arch));
        CAPTURE(lora);
        const auto t = make(arch, options(lora));
        REQUIRE((t->accumulate(rollouts().shared).ok() && t->step({1e-2, 0}).ok()));
        generate::EngineOptions e;
        e.threads = 1;
        e.context = 128;
        e.deterministic = deterministic;
        auto engine = t->engine(e);
        REQUIRE_MESSAGE(engine.ok(), engine.error().text());
        CHECK((*engine)->info().dtype == "f32");
        const auto prompt = tokens(40, 7);
        std::vector<std::vector<std::int32_t>> replies(6);
        std::vector<std::vector<float>> said(6);
        int stopped = 0;
        for (std::size_t i = 0; i < replies.size(); ++i) {
          generate::TokenRequest r;
          r.id = i;
          r.prompt = prompt;
          r.max_tokens = 24;
          r.temperature = 1;
          r.seed = i;
          for (std::int32_t id = 0; id < 8; ++id) r.stop.push_back(id);
          REQUIRE((*engine)->submit(r).ok());
        }
        while ((*engine)->alive() > 0) {
          const auto events = (*engine)->step();
          REQUIRE(events.ok());
          for (const generate::TokenEvent& event : *events) {
            if (event.token < 0 && event.stop < 0) continue;
            stopped += event.stop >= 0;
            replies[event.id].push_back(event.stop >= 0 ? event.stop : event.token);
            said[event.id].push_back(event.logprob);
          }
        }
        tune::Pass p;
        append(p, prompt, -1, prompt.size(), 0);
        std::vector<float> all;
        for (std::size_t i = 0; i < replies.size(); ++i) {
          REQUIRE(!replies[i].empty());
          append(p, replies[i], 0, 0, 1);
          all.insert(all.end(), said[i].begin(), said[i].end());
        }
        CHECK(stopped > 0);
        CHECK(worst(logprobs(*t, p), all) < 1e-4);
      }
    }
  }
}

TEST_CASE("a pass that cannot be is a bug and not a crash") {
  const auto t = make(Arch::kLlama, options(false));
  const tune::Pass good = rollouts().shared;
  const auto refused = [&](auto&& change) {
    tune::Pass p = good;
    change(p);
    const auto r = t->accumulate(p);
    CHECK(!r.ok());
    CHECK(r.error().exit == Exit::kBug);
  };
  refused([](tune::Pass& p) { p.parents.pop_back(); });
  refused([](tune::Pass& p) { p.parents[1] = 1; });
  refused([](tune::Pass& p) { p.parents[2] = 1; });   // a parent with a parent
  refused([](tune::Pass& p) { p.parents[1] = 5; });   // behind it
  refused([](tune::Pass& p) { p.parents[1] = -1; });  // its first token has a weight
  refused([](tune::Pass& p) { p.policy.resize(3); });
  CHECK(t->accumulate(good).ok());
}
