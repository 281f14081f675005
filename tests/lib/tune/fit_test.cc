// The training loop over a trainer that only counts: which chains it gets, in which passes, and what happens when things go wrong.
#include "lib/tune/fit.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <set>

#include "lib/base/signals.h"

using namespace rm;
using namespace rm::tune;

namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

class CountingTrainer final : public Trainer {
 public:
  TrainerInfo info() const override { return {}; }
  Result<PassSums> accumulate(const Pass& p) override {
    if (p.ids.size() > room) return make_error(Exit::kResources, "out_of_memory", "not enough memory");
    if (on_pass) on_pass(passes);
    ++passes;
    longest = std::max(longest, p.ids.size());
    PassSums s;
    for (std::size_t i = 0; i < p.ids.size(); ++i) {
      s.weight += p.weights[i];
      s.loss += p.weights[i] * p.ids[i];
      s.targets += p.weights[i] > 0;
    }
    for (const std::int64_t b : p.begins) open.push_back(p.ids[static_cast<std::size_t>(b)]);
    weight += s.weight;
    return s;
  }
  Result<PassSums> evaluate(const Pass&) override { return PassSums{}; }
  Result<std::vector<float>> logprobs(const Pass& p, Under) override { return std::vector<float>(p.ids.size()); }
  Result<StepSums> step(const StepParams& p) override {
    rates.push_back(p.lr);
    learned.push_back(open);
    weights.push_back(weight);
    drop_gradients();
    const bool fine = !bad.contains(static_cast<int>(rates.size()));
    steps_ += fine;
    return StepSums{fine ? 1.0 : kNan, fine};
  }
  void drop_gradients() override { open.clear(), weight = 0; }
  std::span<const StateTensor> state() const override { return {}; }
  Result<void> read_state(std::size_t, std::uint64_t, std::span<float>) const override { return {}; }
  Result<void> write_state(std::size_t, std::uint64_t, std::span<const float>) override { return {}; }
  std::int64_t steps() const override { return steps_; }
  void set_steps(std::int64_t n) override { steps_ = n; }
  Result<void> read_gradient(std::size_t, std::uint64_t, std::span<float>) const override { return {}; }
  Result<std::unique_ptr<generate::TokenEngine>> engine(const generate::EngineOptions&) override {
    return make_error(Exit::kBug, "none", "no engine");
  }
  Result<void> read_model(const std::string&, std::uint64_t, std::span<float>) const override { return {}; }

  std::size_t room = 1'000'000, longest = 0;
  std::set<int> bad;                      // steps, from 1, whose gradient is not finite
  std::function<void(int)> on_pass;       // before each
  std::vector<double> rates, weights;     // of each step
  std::vector<std::vector<int>> learned;  // of each step: the first token of its chains
  std::vector<int> open;
  double weight = 0;
  int passes = 0;

 private:
  std::int64_t steps_ = 0;
};

struct Told final : FitEvents {
  Result<void> stepped(const StepReport& r) override { return reports.push_back(r), Result<void>(); }
  Result<void> validate(const Place& p) override {
    validated.push_back(p.step);
    order += "v" + std::to_string(p.step) + " ";
    if (p.step != stop_at) return {};
    signals::request_stop(Exit::kStopped);
    return signals::stop_error();
  }
  Result<void> save(const Place& p) override {
    saved.push_back(p);
    order += "s" + std::to_string(p.step) + " ";
    return {};
  }
  void running(std::int64_t n) override { tokens += n; }
  void notice(const std::string& s) override { notices.push_back(s); }
  std::vector<StepReport> reports;
  std::vector<std::int64_t> validated;
  std::vector<Place> saved;
  std::vector<std::string> notices;
  std::string order;                      // "v0 s2 v2 ": what it was asked for
  std::int64_t tokens = 0, stop_at = -1;  // a stop comes while this step is validated
};

// Chain i begins with token i and has 10 + i tokens, 4 of them a prompt.
std::vector<Example> chains(int n) {
  std::vector<Example> out;
  for (int i = 0; i < n; ++i) {
    Example e;
    e.ids.assign(static_cast<std::size_t>(10 + i), 7);
    e.ids[0] = i;
    e.prompt = e.targets = 4;
    out.push_back(std::move(e));
  }
  return out;
}

FitOptions options(std::int64_t batch, std::int64_t epochs = 1) {
  FitOptions o;
  o.batch = batch;
  o.epochs = epochs;
  o.pass_tokens = 60;
  o.seed = 11;
  o.schedule.lr = 1;
  o.schedule.warmup = 1;
  return o;
}

std::vector<int> sorted(std::vector<int> v) { return std::ranges::sort(v), v; }

std::vector<std::int64_t> steps_of(const std::vector<Place>& p) {
  std::vector<std::int64_t> out;
  for (const Place& at : p) out.push_back(at.step);
  return out;
}

}  // namespace

TEST_CASE("every epoch takes every chain once, in an order of its own, the last batch short") {
  CountingTrainer t;
  Told told;
  const auto data = chains(10);
  Fit fit(t, data, options(4, 2), told);
  CHECK(fit.total_steps() == 6);
  REQUIRE(fit.run().ok());
  std::vector<std::size_t> sizes;
  for (const auto& l : t.learned) sizes.push_back(l.size());
  CHECK(sizes == std::vector<std::size_t>{4, 4, 2, 4, 4, 2});
  const auto epoch = [&](std::size_t from) {
    std::vector<int> all;
    for (std::size_t i = from; i < from + 3; ++i) all.insert(all.end(), t.learned[i].begin(), t.learned[i].end());
    return all;
  };
  const std::vector<int> everyone{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
  CHECK(sorted(epoch(0)) == everyone);
  CHECK(sorted(epoch(3)) == everyone);
  CHECK(sorted(t.learned[0]) != sorted(t.learned[3]));
  for (const double w : t.weights) CHECK(w == doctest::Approx(1.0));
  CHECK(t.longest <= 60);
  CHECK(told.reports.back().step == 6);
  CHECK(told.reports.back().epoch == 1);
  CHECK(told.tokens == 2 * (10 * 10 + 45));
  for (std::size_t i = 0; i < 6; ++i) {
    CHECK(told.reports[i].lr == t.rates[i]);
    CHECK(told.reports[i].tokens > 0);
  }
}

TEST_CASE("it validates before, between and after, and saves between and after") {
  CountingTrainer t;
  Told told;
  const auto data = chains(12);
  FitOptions o = options(2);
  o.val_every = 2;
  o.save_every = 4;
  REQUIRE(Fit(t, data, o, told).run().ok());
  CHECK(told.validated == std::vector<std::int64_t>{0, 2, 4, 6});
  CHECK(steps_of(told.saved) == std::vector<std::int64_t>{4, 6});
  CHECK(told.saved[0].position == 8);
  CHECK(told.saved[1].epoch == 1);
  CHECK(told.saved[1].position == 0);
  CHECK(told.order == "v0 v2 s4 v4 s6 v6 ");  // what may take long comes after the save
}

TEST_CASE("stopped while it validates, it saves what it has; going on, it is asked for that validation again") {
  const auto data = chains(12);
  FitOptions o = options(2);
  o.val_every = 2;
  o.save_every = 4;
  struct Row {
    std::int64_t stop_at;
    const char *before, *after;
  };
  for (const Row& r : {Row{0, "v0 s0 ", "v0 v2 s4 v4 s6 v6 "}, Row{2, "v0 v2 s2 ", "v2 s4 v4 s6 v6 "},
                       Row{4, "v0 v2 s4 v4 ", "v4 s6 v6 "}, Row{6, "v0 v2 s4 v4 s6 v6 ", "v6 "}}) {
    CAPTURE(r.stop_at);
    CountingTrainer t;
    Told told, then;
    told.stop_at = r.stop_at;
    const auto done = Fit(t, data, o, told).run();
    signals::request_stop(Exit::kDone);
    REQUIRE(!done.ok());
    CHECK(done.error().exit == Exit::kStopped);
    CHECK(told.order == r.before);
    Fit rest(t, data, o, then);
    REQUIRE(rest.resume(told.saved.back()).ok());
    REQUIRE(rest.run().ok());
    CHECK(then.order == r.after);
    CHECK(t.rates.size() == 6);
  }
}

TEST_CASE("resumed anywhere, it takes the same chains at the same rates as without a stop") {
  const auto data = chains(11);
  CountingTrainer whole;
  Told all;
  FitOptions o = options(3, 2);
  o.save_every = 1;
  REQUIRE(Fit(whole, data, o, all).run().ok());
  for (std::size_t i = 0; i < all.saved.size(); ++i) {
    CAPTURE(i);
    CountingTrainer rest;
    Told told;
    Fit fit(rest, data, o, told);
    REQUIRE(fit.resume(all.saved[i]).ok());
    REQUIRE(fit.run().ok());
    const auto from = static_cast<std::ptrdiff_t>(all.saved[i].step);
    CHECK(rest.learned == std::vector(whole.learned.begin() + from, whole.learned.end()));
    CHECK(rest.rates == std::vector(whole.rates.begin() + from, whole.rates.end()));
  }
  CountingTrainer t;
  Told told;
  Fit fit(t, data, o, told);
  for (const Place& p : {Place{9, 2, 0}, Place{1, 0, 4}, Place{1, 1, 3}, Place{-1, 0, 0}, Place{3, 0, 11}})
    CHECK(fit.resume(p).error().exit == Exit::kModel);
}

TEST_CASE("short of memory, a step begins again in smaller passes, its weights whole") {
  CountingTrainer t;
  t.room = 35;
  Told told;
  const auto data = chains(10);
  REQUIRE(Fit(t, data, options(5), told).run().ok());
  CHECK(t.longest <= 35);
  for (const double w : t.weights) CHECK(w == doctest::Approx(1.0));
  std::vector<int> all;
  for (const auto& l : t.learned) all.insert(all.end(), l.begin(), l.end());
  CHECK(sorted(all) == std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9});
  REQUIRE(!told.notices.empty());
  CHECK(told.notices[0].find("memory ran out") != std::string::npos);
  const std::int64_t taught = told.saved.back().pass_tokens;  // what memory taught need not be learned again
  CHECK(taught < 35);
  CountingTrainer later;
  Told less;
  Fit rest(later, data, options(5, 2), less);
  REQUIRE(rest.resume({2, 1, 0, taught}).ok());
  REQUIRE(rest.run().ok());
  CHECK(later.longest <= static_cast<std::size_t>(taught));

  CountingTrainer small;
  small.room = 15;
  Told why;
  const auto done = Fit(small, data, options(5), why).run();
  REQUIRE(!done.ok());
  CHECK(done.error().exit == Exit::kResources);
  CHECK(done.error().message.find("does not fit alone") != std::string::npos);
}

TEST_CASE("a gradient that is not finite costs its step; the third in a row ends the run") {
  CountingTrainer t;
  t.bad = {2, 3, 5};
  Told told;
  const auto data = chains(12);
  REQUIRE(Fit(t, data, options(2), told).run().ok());
  CHECK(t.steps() == 3);
  CHECK(told.reports.size() == 6);
  CHECK(!told.reports[1].taken);
  CHECK(told.notices.size() == 3);

  CountingTrainer worse;
  worse.bad = {2, 3, 4};
  Told why;
  const auto done = Fit(worse, data, options(2), why).run();
  REQUIRE(!done.ok());
  CHECK(done.error().exit == Exit::kResources);
  CHECK(done.error().reason == "not_finite");
  CHECK(why.reports.size() == 4);
  CHECK(why.saved.empty());
}
