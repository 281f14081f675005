// What rl is tested with: an engine that writes replies by a script, a trainer that only counts, and a vocabulary small enough to read.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "lib/base/rng.h"
#include "lib/base/signals.h"
#include "lib/rl/rollouts.h"
#include "lib/tune/trainer.h"
#include "tests/lib/text/tiny_vocab.h"

namespace rm::rl {

inline const text::Tokenizer& tiny_tokenizer() {
  static const text::Tokenizer t = *text::Tokenizer::make(text::tiny_vocab());
  return t;
}
inline std::int32_t end_token() { return tiny_tokenizer().find_added("<|im|>").value(); }
inline text::Ids ids_of(std::string_view text) {
  text::Ids out;
  tiny_tokenizer().encode_text(text, out);
  return out;
}

// Ends with the end token, unless the request's most tokens come first.
using Script = std::function<std::string(const generate::TokenRequest&)>;

struct EngineFaults {
  int submit = -1, step = -1;            // which call, from 0, fails
  int stop = -1;                         // a stop is asked for in this step
  std::size_t at_once = 4;               // sequences that are written together
  bool backwards = false;                // the last submitted first
  std::function<void(int step)> before;  // each step
};

class FakeEngine final : public generate::TokenEngine {
 public:
  explicit FakeEngine(Script script, EngineFaults faults = {})
      : script_(std::move(script)), faults_(std::move(faults)) {}

  static float logprob(std::int32_t id) { return -0.5f - 0.001f * static_cast<float>(id); }

  generate::EngineInfo info() const override { return {}; }
  Result<void> submit(generate::TokenRequest r) override {
    if (static_cast<int>(asked.size()) == faults_.submit)
      return make_error(Exit::kInput, "too_long", "the prompt leaves no room");
    asked.push_back(r);
    Sequence s{r.id, ids_of(script_(r)), true};
    if (std::ssize(s.left) >= r.max_tokens) {
      s.left.resize(static_cast<std::size_t>(r.max_tokens));
      s.ends = false;
    }
    queue_.insert(faults_.backwards ? queue_.begin() : queue_.end(), std::move(s));
    return {};
  }
  Result<void> cancel(generate::SequenceId id) override {
    for (Sequence& s : queue_) {
      if (s.id == id) s.cancelled = true;
    }
    return {};
  }
  std::size_t alive() const override { return queue_.size(); }
  Result<std::vector<generate::TokenEvent>> step() override {
    const int now = steps++;
    if (faults_.before) faults_.before(now);
    if (now == faults_.step) return make_error(Exit::kResources, "out_of_memory", "the engine has no memory");
    if (now == faults_.stop) signals::request_stop(Exit::kStopped);
    std::vector<generate::TokenEvent> out;
    std::deque<Sequence> still;
    for (std::size_t i = 0; i < queue_.size(); ++i) {
      if (queue_[i].cancelled) {
        out.push_back(event(queue_[i].id, -1));
        out.back().finish = generate::Finish::kCancelled;
      } else if (i >= faults_.at_once || !advance(queue_[i], out)) {
        still.push_back(std::move(queue_[i]));
      }
    }
    queue_ = std::move(still);
    return out;
  }

  std::vector<generate::TokenRequest> asked;
  int steps = 0;

 private:
  struct Sequence {
    generate::SequenceId id;
    text::Ids left;
    bool ends;
    std::size_t at = 0;
    bool cancelled = false;
  };
  static generate::TokenEvent event(generate::SequenceId id, std::int32_t token) {
    generate::TokenEvent e;
    e.id = id;
    e.token = token;
    e.logprob = logprob(token);
    return e;
  }
  // True: it is over.
  static bool advance(Sequence& s, std::vector<generate::TokenEvent>& out) {
    if (s.at == s.left.size()) {
      out.push_back(event(s.id, -1));
      out.back().stop = end_token();
      out.back().logprob = logprob(end_token());
      out.back().finish = generate::Finish::kStop;
      return true;
    }
    out.push_back(event(s.id, s.left[s.at++]));
    if (s.at < s.left.size() || s.ends) return false;
    out.back().finish = generate::Finish::kLength;
    return true;
  }

  Script script_;
  EngineFaults faults_;
  std::deque<Sequence> queue_;
};

// A rollout as a step learned from it: all that its gradient depends on.
struct Learned {
  text::Ids prompt, reply;
  float advantage = 0, weight = 0, scale = 1, old = 0, reference = 0, sampled = 0;  // of its first token
  auto operator<=>(const Learned&) const = default;
};

// Its weights are one number, which every step changes by all that it learned: what differs once differs ever after.
class FakeTrainer final : public tune::Trainer {
 public:
  tune::TrainerInfo info() const override { return {}; }
  Result<tune::PassSums> accumulate(const tune::Pass& p) override {
    if (on_pass) on_pass(passes);
    ++passes;
    if (p.ids.size() > room) return make_error(Exit::kResources, "out_of_memory", "not enough memory");
    longest = std::max(longest, p.ids.size());
    tune::PassSums s;
    for (std::size_t i = 0; i < p.begins.size(); ++i) {
      const std::int64_t parent = p.parents[i];
      if (parent < 0) continue;
      const auto at = static_cast<std::size_t>(p.begins[i]);
      const tune::PolicyToken& t = p.policy[at];
      const auto known = [](float x) { return std::isnan(x) ? 0 : x; };
      open.push_back({piece(p, static_cast<std::size_t>(parent)), piece(p, i), t.advantage, p.weights[at], t.scale,
                      known(t.old), known(t.reference), t.sampled});
      for (std::size_t k = at; k < at + open.back().reply.size(); ++k) {
        s.weight += static_cast<double>(p.weights[k]);
        s.loss += static_cast<double>(p.weights[k] * p.policy[k].advantage);
        ++s.targets;
      }
    }
    return s;
  }
  Result<tune::PassSums> evaluate(const tune::Pass&) override { return tune::PassSums{}; }
  Result<std::vector<float>> logprobs(const tune::Pass& p, tune::Under under) override {
    if (on_logprobs) on_logprobs(under);
    if (p.ids.size() > room) return make_error(Exit::kResources, "out_of_memory", "not enough memory");
    std::vector<float> out;
    for (std::size_t t = 0; t < p.ids.size(); ++t) {
      const float now = FakeEngine::logprob(p.ids[t]) - 0.0625f * static_cast<float>(weights % 8);
      out.push_back(p.weights[t] == 0 ? 0 : under == tune::Under::kReference ? FakeEngine::logprob(p.ids[t]) : now);
    }
    (under == tune::Under::kReference ? reference_runs : now_runs) += 1;
    return out;
  }
  Result<tune::StepSums> step(const tune::StepParams& p) override {
    CHECK(engines == 0);  // an engine over these weights is let go first
    rates.push_back(p.lr);
    std::ranges::sort(open);
    learned.push_back(open);
    drop_gradients();
    const bool fine = !bad.contains(static_cast<int>(rates.size()));
    if (fine) {
      ++steps_;
      weights = derive_seed(weights, static_cast<std::uint64_t>(steps_), digest(learned.back()));
    }
    return tune::StepSums{fine ? 1.0 : std::numeric_limits<double>::quiet_NaN(), fine};
  }
  void drop_gradients() override { open.clear(); }
  std::span<const tune::StateTensor> state() const override { return {}; }
  Result<void> read_state(std::size_t, std::uint64_t, std::span<float>) const override { return {}; }
  Result<void> write_state(std::size_t, std::uint64_t, std::span<const float>) override { return {}; }
  std::int64_t steps() const override { return steps_; }
  void set_steps(std::int64_t n) override { steps_ = n; }
  Result<void> read_gradient(std::size_t, std::uint64_t, std::span<float>) const override { return {}; }
  Result<std::unique_ptr<generate::TokenEngine>> engine(const generate::EngineOptions& o) override;
  Result<void> read_model(const std::string&, std::uint64_t, std::span<float>) const override { return {}; }

  Script script;
  EngineFaults faults;
  std::size_t room = 1'000'000, longest = 0;
  std::set<int> bad;                             // steps, from 1, whose gradient is not finite
  std::function<void(int)> on_pass;              // before each
  std::function<void(tune::Under)> on_logprobs;  // before each
  std::vector<generate::TokenRequest> asked;     // of all its engines
  std::vector<generate::EngineOptions> opened;
  std::vector<std::vector<Learned>> learned;  // of each step, sorted
  std::vector<double> rates;
  std::vector<Learned> open;
  std::uint64_t weights = 1;
  int passes = 0, engines = 0, now_runs = 0, reference_runs = 0;

 private:
  static text::Ids piece(const tune::Pass& p, std::size_t i) {
    const auto end = i + 1 < p.begins.size() ? p.begins[i + 1] : std::ssize(p.ids);
    return {p.ids.begin() + p.begins[i], p.ids.begin() + end};
  }
  static std::uint64_t digest(const std::vector<Learned>& all) {
    std::uint64_t h = 0;
    for (const Learned& l : all) {
      for (const std::int32_t id : l.prompt) h = derive_seed(h, static_cast<std::uint64_t>(id));
      for (const std::int32_t id : l.reply) h = derive_seed(h, static_cast<std::uint64_t>(id));
      h = derive_seed(h, static_cast<std::uint64_t>(std::llround(1e6 * l.advantage * l.weight)));
    }
    return h;
  }
  std::int64_t steps_ = 0;
};

// Tells its trainer what it was asked, and when it is gone.
class LentEngine final : public generate::TokenEngine {
 public:
  LentEngine(FakeTrainer& t, EngineFaults faults) : trainer_(t), inner_(t.script, std::move(faults)) { ++t.engines; }
  LentEngine(const LentEngine&) = delete;
  LentEngine& operator=(const LentEngine&) = delete;
  ~LentEngine() override {
    --trainer_.engines;
    trainer_.asked.insert(trainer_.asked.end(), inner_.asked.begin(), inner_.asked.end());
  }
  generate::EngineInfo info() const override { return inner_.info(); }
  Result<void> submit(generate::TokenRequest r) override { return inner_.submit(std::move(r)); }
  Result<void> cancel(generate::SequenceId id) override { return inner_.cancel(id); }
  std::size_t alive() const override { return inner_.alive(); }
  Result<std::vector<generate::TokenEvent>> step() override { return inner_.step(); }

 private:
  FakeTrainer& trainer_;
  FakeEngine inner_;
};

inline Result<std::unique_ptr<generate::TokenEngine>> FakeTrainer::engine(const generate::EngineOptions& o) {
  opened.push_back(o);
  return std::unique_ptr<generate::TokenEngine>(std::make_unique<LentEngine>(*this, faults));
}

}  // namespace rm::rl
