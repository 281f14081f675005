// The trainer over small random models: gradients against finite differences, and every way of running a pass against the others.
#include "lib/train/trainer.h"

#include <cmath>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include "tests/lib/model/fake_file.h"

#undef CHECK  // c10's; doctest's is meant
#include <doctest/doctest.h>

using namespace rm;
using weightfile::Arch;
using weightfile::FakeFile;
using weightfile::ModelConfig;

namespace {

ModelConfig config(Arch arch, bool tied) {
  ModelConfig c = weightfile::small_config();
  c.arch = arch;
  c.tied = tied;
  c.qkv_bias = arch == Arch::kQwen2;
  c.qk_norm = arch == Arch::kQwen3;
  return c;
}

tune::TrainerOptions options(const char* dtype = "f32") {
  tune::TrainerOptions o;
  o.device = "cpu";
  o.dtype = dtype;
  o.seed = 5;
  return o;
}

tune::TrainerOptions with_lora(tune::TrainerOptions o = options()) {
  o.lora = {4, 8, {"q_proj", "v_proj", "down_proj", "up_proj"}};
  return o;
}

std::unique_ptr<train::TorchTrainer> make(const ModelConfig& c, const tune::TrainerOptions& o, bool plain = false) {
  auto t = train::TorchTrainer::make(std::make_unique<FakeFile>(c), o, plain);
  REQUIRE(t.ok());
  return *std::move(t);
}

tune::Pass pass_of(const std::vector<std::int64_t>& lengths, std::uint64_t seed = 1) {
  tune::Pass p;
  for (const std::int64_t n : lengths) {
    p.begins.push_back(static_cast<std::int64_t>(p.ids.size()));
    for (std::int64_t i = 0; i < n; ++i) {
      seed = seed * 6364136223846793005u + 1442695040888963407u;
      p.ids.push_back(static_cast<std::int32_t>(seed >> 33) % 200);
      p.weights.push_back(i > 0 && i >= n / 3 ? 0.01f * static_cast<float>(1 + i % 3) : 0.0f);
    }
  }
  return p;
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

std::vector<std::vector<float>> state(const tune::Trainer& t) {
  std::vector<std::vector<float>> out;
  for (std::size_t i = 0; i < t.state().size(); ++i) {
    out.emplace_back(t.state()[i].elements());
    REQUIRE(t.read_state(i, 0, out.back()).ok());
  }
  return out;
}

// The worst tensor: length of the difference over that of the reference.
double distance(const std::vector<std::vector<float>>& a, const std::vector<std::vector<float>>& reference) {
  REQUIRE(a.size() == reference.size());
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

double loss_of(tune::Trainer& t, const tune::Pass& p) {
  const auto sums = t.evaluate(p);
  REQUIRE(sums.ok());
  return sums->loss;
}

struct Ran {
  tune::PassSums sums;
  std::vector<std::vector<float>> gradients;
};
Ran run(train::TorchTrainer& t, const std::vector<tune::Pass>& passes) {
  Ran r;
  for (const tune::Pass& p : passes) {
    const auto sums = t.accumulate(p);
    REQUIRE(sums.ok());
    r.sums.loss += sums->loss;
    r.sums.targets += sums->targets;
    r.sums.right += sums->right;
  }
  r.gradients = gradients(t);
  return r;
}

constexpr Arch kArchs[] = {Arch::kLlama, Arch::kQwen2, Arch::kQwen3};

}  // namespace

TEST_CASE("gradients are the slopes of the loss") {
  for (const Arch arch : kArchs) {
    for (const bool lora : {false, true}) {
      CAPTURE(weightfile::name(arch));
      CAPTURE(lora);
      const auto t = make(config(arch, arch == Arch::kQwen3), lora ? with_lora() : options());
      const tune::Pass p = pass_of({20, 7, 33});
      // B is zero at first, and A's slope with it.
      if (lora) REQUIRE((t->accumulate(p).ok() && t->step({1e-2, 0}).ok()));
      REQUIRE(t->accumulate(p).ok());
      int looked = 0;
      for (std::size_t i = 0; i < t->state().size(); ++i) {
        const tune::StateTensor& s = t->state()[i];
        if (s.slot != "weight") continue;
        // Along a random direction of the whole tensor: one slope that every element has a part in.
        const std::size_t n = s.elements();
        std::vector<float> x(n), g(n), moved(n), direction(n);
        REQUIRE(t->read_state(i, 0, x).ok());
        REQUIRE(t->read_gradient(i, 0, g).ok());
        std::uint64_t seed = i + 1;
        double slope = 0, length = 0;
        for (std::size_t j = 0; j < n; ++j) {
          seed = seed * 6364136223846793005u + 1442695040888963407u;
          direction[j] = (seed >> 40) % 2 == 0 ? 1.0f : -1.0f;
          if (g[j] * direction[j] < 0) direction[j] *= -0.25f;  // so that parts do not cancel
          slope += static_cast<double>(g[j]) * direction[j];
          length += static_cast<double>(g[j]) * g[j];
        }
        if (length < 1e-16) continue;  // key biases hardly matter to a softmax
        const double h = 2e-3 / std::max(1.0, std::abs(slope));
        const auto at = [&](double step) {
          for (std::size_t j = 0; j < n; ++j) moved[j] = x[j] + static_cast<float>(step * direction[j]);
          REQUIRE(t->write_state(i, 0, moved).ok());
          return loss_of(*t, p);
        };
        const double found = (at(h) - at(-h)) / (2 * h);
        REQUIRE(t->write_state(i, 0, x).ok());
        CAPTURE(s.name);
        CAPTURE(slope);
        CAPTURE(found);
        CHECK(std::abs(found - slope) <= 5e-3 * std::abs(slope) + 2e-4);
        ++looked;
      }
      CHECK(looked >= (lora ? 24 : 27));
    }
  }
}

TEST_CASE("packed or one by one, chunked or whole, kept or run again, loops or operators: the same gradients") {
  for (const Arch arch : kArchs) {
    for (const bool lora : {false, true}) {
      CAPTURE(weightfile::name(arch));
      CAPTURE(lora);
      const ModelConfig c = config(arch, arch == Arch::kLlama);
      const auto fresh = [&](tune::TrainerOptions o, bool plain = false) {
        auto t = make(c, lora ? with_lora(o) : o, plain);
        if (!lora) return t;
        // Some B that is not zero.
        for (std::size_t i = 0; i < t->state().size(); ++i) {
          if (t->state()[i].slot != "weight" || !t->state()[i].name.ends_with("lora_B.weight")) continue;
          std::vector<float> b(t->state()[i].elements());
          for (std::size_t j = 0; j < b.size(); ++j)
            b[j] = 0.01f * static_cast<float>(static_cast<int>(j * 7 % 11) - 5);
          REQUIRE(t->write_state(i, 0, b).ok());
        }
        return t;
      };
      const tune::Pass all = pass_of({20, 7, 33, 2});
      const auto base = fresh(options());
      const Ran want = run(*base, {all});
      CHECK(want.sums.targets == 14 + 5 + 22 + 1);

      std::vector<tune::Pass> single;
      for (std::size_t i = 0; i < all.begins.size(); ++i) {
        const auto from = static_cast<std::size_t>(all.begins[i]),
                   to = i + 1 < all.begins.size() ? static_cast<std::size_t>(all.begins[i + 1]) : all.ids.size();
        single.push_back(
            {{all.ids.begin() + static_cast<std::ptrdiff_t>(from), all.ids.begin() + static_cast<std::ptrdiff_t>(to)},
             {0},
             {all.weights.begin() + static_cast<std::ptrdiff_t>(from),
              all.weights.begin() + static_cast<std::ptrdiff_t>(to)}});
      }
      const auto check = [&](const char* what, const Ran& r, double limit) {
        CAPTURE(what);
        CHECK(std::abs(r.sums.loss - want.sums.loss) <= limit * want.sums.loss);
        CHECK(r.sums.right == want.sums.right);
        CHECK(distance(r.gradients, want.gradients) <= limit);
      };
      check("again", run(*fresh(options()), {all}), 0);
      check("one by one", run(*fresh(options()), single), 2e-6);
      for (const std::int64_t kept : {1, 2, 3, 9}) {
        tune::TrainerOptions o = options();
        o.kept_layers = kept;
        check("kept", run(*fresh(o), {all}), 0);
      }
      const auto interrupted = fresh(options());
      try {  // as a pass that runs out of memory
        const train::WithoutValue only_gradient(interrupted->network().down(0));
        throw std::bad_alloc();
      } catch (const std::bad_alloc&) {
      }
      check("after an interrupted pass", run(*interrupted, {all}), 0);
      const auto chunked = fresh(options());
      chunked->network().head().chunk = 5;
      check("chunked", run(*chunked, {all}), 2e-6);
      check("operators", run(*fresh(options(), true), {all}), 5e-6);
      const Ran half = run(*fresh(options("bf16")), {all});
      CHECK(std::abs(half.sums.loss - want.sums.loss) <= 0.02 * want.sums.loss);
      CHECK(distance(half.gradients, want.gradients) <= 0.08);
      tune::TrainerOptions kept = options("bf16");  // how many are kept is the memory's business: it costs no bit
      kept.kept_layers = 1;
      CHECK(distance(run(*fresh(kept), {all}).gradients, half.gradients) == 0);
    }
  }
}

TEST_CASE("a run goes on from its state bit by bit") {
  for (const bool lora : {false, true}) {
    for (const char* dtype : {"f32", "bf16"}) {
      const ModelConfig c = config(Arch::kQwen2, true);
      const tune::TrainerOptions o = lora ? with_lora(options(dtype)) : options(dtype);
      const auto through = make(c, o), first = make(c, o), second = make(c, o);
      const auto steps = [](train::TorchTrainer& t, int from, int to) {
        for (int i = from; i < to; ++i) {
          REQUIRE(t.accumulate(pass_of({20, 31}, static_cast<std::uint64_t>(i) + 3)).ok());
          const auto s = t.step({1e-3, 1.0});
          REQUIRE(s.ok());
          REQUIRE(s->taken);
        }
      };
      steps(*through, 0, 6);
      steps(*first, 0, 3);
      const auto saved = state(*first);
      for (std::size_t i = 0; i < saved.size(); ++i) {
        const std::size_t half = saved[i].size() / 2;
        REQUIRE(second->write_state(i, 0, std::span(saved[i]).first(half)).ok());
        REQUIRE(second->write_state(i, half, std::span(saved[i]).subspan(half)).ok());
      }
      second->set_steps(first->steps());
      steps(*second, 3, 6);
      CHECK(second->steps() == 6);
      CHECK(state(*second) == state(*through));
      CHECK(state(*first) != state(*through));
    }
  }
}

TEST_CASE("a gradient that is not finite changes nothing") {
  const auto t = make(config(Arch::kLlama, false), options());
  REQUIRE(t->accumulate(pass_of({20})).ok());
  REQUIRE(t->step({1e-3, 1.0}).ok());
  const auto find = [&](const char* name) {
    std::size_t i = 0;
    while (t->state()[i].name != name) ++i;
    return i;
  };
  const std::size_t index = find("model.layers.1.mlp.up_proj.weight");
  std::vector<float> kept(t->state()[index].elements());
  REQUIRE(t->read_state(index, 0, kept).ok());
  const float bad = INFINITY;
  REQUIRE(t->write_state(index, 3, std::span(&bad, 1)).ok());
  const auto before = state(*t);
  REQUIRE(t->accumulate(pass_of({20})).ok());
  const auto s = t->step({1e-3, 1.0});
  REQUIRE(s.ok());
  CHECK(!s->taken);
  CHECK(!std::isfinite(s->grad_norm));
  CHECK(t->steps() == 1);
  CHECK(state(*t) == before);
  REQUIRE(t->write_state(index, 0, kept).ok());
  REQUIRE(t->accumulate(pass_of({20})).ok());
  CHECK(t->step({1e-3, 1.0})->taken);
}

TEST_CASE("clipping shortens the gradient to the length, and only a longer one") {
  const auto norm = [](double clip) {
    const auto t = make(config(Arch::kLlama, true), options());
    const auto before = state(*t);
    REQUIRE(t->accumulate(pass_of({40})).ok());
    const auto s = t->step({1.0, clip});
    REQUIRE(s.ok());
    // After one step the first moment is (1 - beta1) times the gradient that was used.
    double squares = 0;
    for (std::size_t i = 0; i < t->state().size(); ++i) {
      if (t->state()[i].slot != "exp_avg") continue;
      std::vector<float> m(t->state()[i].elements());
      REQUIRE(t->read_state(i, 0, m).ok());
      for (const float v : m) squares += std::pow(static_cast<double>(v) / 0.1, 2);
    }
    return std::pair(s->grad_norm, std::sqrt(squares));
  };
  const auto [whole, used] = norm(0);
  CHECK(used == doctest::Approx(whole).epsilon(1e-4));
  const auto [again, shortened] = norm(whole / 4);
  CHECK(again == whole);
  CHECK(shortened == doctest::Approx(whole / 4).epsilon(1e-4));
  CHECK(norm(whole * 2).second == doctest::Approx(whole).epsilon(1e-4));
}

TEST_CASE("an engine over the weights in training says what the trainer computes") {
  for (const bool lora : {false, true}) {
    const ModelConfig c = config(Arch::kQwen3, false);
    const auto t = make(c, lora ? with_lora() : options());
    for (int i = 0; i < 3; ++i) {
      REQUIRE(t->accumulate(pass_of({30, 12}, 9)).ok());
      REQUIRE(t->step({1e-2, 0}).ok());
    }
    tune::Pass p = pass_of({26}, 4);
    for (std::size_t i = 0; i < p.weights.size(); ++i) p.weights[i] = i >= 10 ? 1 : 0;
    generate::EngineOptions e;
    e.threads = 1;
    const auto engine = t->engine(e);
    REQUIRE(engine.ok());
    generate::TokenRequest r;
    r.id = 1;
    r.prompt.assign(p.ids.begin(), p.ids.begin() + 10);
    r.forced.assign(p.ids.begin() + 10, p.ids.end());
    r.max_tokens = 16;
    REQUIRE((*engine)->submit(r).ok());
    double total = 0;
    std::int64_t right = 0;
    while ((*engine)->alive() > 0) {
      const auto events = (*engine)->step();
      REQUIRE(events.ok());
      for (const generate::TokenEvent& event : *events) {
        if (event.token < 0) continue;
        total -= event.logprob;
        right += event.token == event.argmax;
      }
    }
    const auto sums = t->evaluate(p);
    REQUIRE(sums.ok());
    CHECK(sums->targets == 16);
    CHECK(total == doctest::Approx(sums->plain_loss).epsilon(1e-5));
    CHECK(right == sums->right);
  }
}

TEST_CASE("what cannot be trained is named") {
  tune::TrainerOptions o = with_lora();
  o.lora.targets.push_back("k_pro");
  auto t = train::TorchTrainer::make(std::make_unique<FakeFile>(config(Arch::kLlama, true)), o);
  REQUIRE(!t.ok());
  CHECK(t.error().exit == Exit::kUsage);
  CHECK(t.error().message.find("k_pro is no matrix") != std::string::npos);
  auto broken = std::make_unique<FakeFile>(config(Arch::kLlama, true));
  broken->bad = "model.layers.2.mlp.up_proj.weight";
  broken->bad_value = NAN;
  t = train::TorchTrainer::make(std::move(broken), options());
  REQUIRE(!t.ok());
  CHECK(t.error().exit == Exit::kModel);
  CHECK(t.error().message.find("model.layers.2.mlp.up_proj.weight") != std::string::npos);
  o = options("int8");
  CHECK(train::TorchTrainer::make(std::make_unique<FakeFile>(config(Arch::kLlama, true)), o).error().exit ==
        Exit::kUsage);

  const auto good = make(config(Arch::kLlama, true), options());
  tune::Pass p = pass_of({5, 5});
  p.ids[3] = 200;
  CHECK(good->accumulate(p).error().exit == Exit::kBug);
  p = pass_of({5, 5});
  p.weights[5] = 1;
  CHECK(good->accumulate(p).error().exit == Exit::kBug);
  p = pass_of({5, 5});
  p.begins = {0, 10};
  CHECK(good->accumulate(p).error().exit == Exit::kBug);
  CHECK(good->accumulate({}).error().exit == Exit::kBug);
}
