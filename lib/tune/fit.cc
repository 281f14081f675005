#include "lib/tune/fit.h"

#include <algorithm>
#include <cmath>

#include "lib/base/number.h"
#include "lib/base/signals.h"

namespace rm::tune {
namespace {

constexpr int kMostRefused = 3;

std::int64_t longest(const std::vector<Pass>& passes) {
  std::size_t n = 0;
  for (const Pass& p : passes) n = std::max(n, p.ids.size());
  return static_cast<std::int64_t>(n);
}

bool out_of_memory(const Error& e) { return e.exit == Exit::kResources && e.reason == "out_of_memory"; }

}  // namespace

Fit::Fit(Trainer& trainer, std::span<const Example> examples, const FitOptions& o, FitEvents& events)
    : trainer_(trainer), examples_(examples), o_(o), events_(events) {
  per_epoch_ = steps_per_epoch(static_cast<std::int64_t>(examples_.size()), o_.batch);
  total_ = per_epoch_ * o_.epochs;
  o_.schedule.total = total_;
  place_.pass_tokens = o_.pass_tokens;
}

Result<void> Fit::resume(const Place& p) {
  const auto chains = static_cast<std::int64_t>(examples_.size());
  const bool fits = p.step >= 0 && p.step <= total_ && p.epoch == p.step / per_epoch_ &&
                    p.position == std::min(p.step % per_epoch_ * o_.batch, chains);
  if (!fits) {
    return make_error(Exit::kModel, "bad_checkpoint",
                      "step " + std::to_string(p.step) + ", epoch " + std::to_string(p.epoch) + ", chain " +
                          std::to_string(p.position) + " is no place of a run of " + std::to_string(total_) +
                          " steps over " + std::to_string(chains) + " chains");
  }
  place_ = p;
  if (p.pass_tokens > 0) o_.pass_tokens = p.pass_tokens;
  place_.pass_tokens = o_.pass_tokens;
  saved_ = p.step;
  return {};
}

Result<void> Fit::run() {
  const auto ended = [this](const Result<void>& r) {
    return signals::stop_requested() && r.error().exit == signals::stop_exit() ? stop() : r;
  };
  if (validates()) {
    if (auto done = events_.validate(place_); !done) return ended(done);
  }
  while (place_.step < total_) {
    if (signals::stop_requested()) return stop();
    auto done = one_step();
    if (done) done = after_step();
    if (!done) return ended(done);
  }
  return {};
}

// At the place where the run stands.
bool Fit::validates() const {
  const std::int64_t n = place_.step;
  return n == 0 || n == total_ || (o_.val_every > 0 && n % o_.val_every == 0);
}

// Saved before it is validated: that may take long, and a run that is killed meanwhile is asked for it again.
Result<void> Fit::after_step() {
  const std::int64_t n = place_.step;
  if (n == total_ || (o_.save_every > 0 && n % o_.save_every == 0)) RM_TRY(save());
  return validates() ? events_.validate(place_) : Result<void>();
}

Result<void> Fit::save() {
  RM_TRY(events_.save(place_));
  saved_ = place_.step;
  return {};
}

// What is saved is the state after the last step; a stop that comes at once after a checkpoint writes none.
Result<void> Fit::stop() {
  trainer_.drop_gradients();
  if (saved_ != place_.step) RM_TRY(save());
  return signals::stop_error();
}

Result<void> Fit::one_step() {
  if (order_epoch_ != place_.epoch) {
    order_ = epoch_order(o_.seed, place_.epoch, static_cast<std::uint32_t>(examples_.size()));
    order_epoch_ = place_.epoch;
  }
  const auto first = static_cast<std::size_t>(place_.position);
  const std::size_t count = std::min(static_cast<std::size_t>(o_.batch), order_.size() - first);
  const auto chosen = std::span(order_).subspan(first, count);
  RM_ASSIGN(const PassSums sums, gradients(chosen));

  StepReport r{place_.step + 1, total_, place_.epoch};
  r.lr = rate(o_.schedule, place_.step);
  RM_ASSIGN(const StepSums step, trainer_.step({r.lr, o_.clip}));
  r.loss = sums.loss;
  r.grad_norm = step.grad_norm;
  r.tokens = tokens_of(chosen);
  r.targets = sums.targets;
  r.right = sums.right;
  r.taken = step.taken;
  place_.position += static_cast<std::int64_t>(count);
  if (++place_.step % per_epoch_ == 0) ++place_.epoch, place_.position = 0;
  RM_TRY(events_.stepped(r));
  refused_ = step.taken ? 0 : refused_ + 1;
  if (step.taken) return {};
  events_.notice("step " + std::to_string(r.step) + ": the gradient is not finite; the step was not taken");
  if (refused_ < kMostRefused) return {};
  return make_error(
      Exit::kResources, "not_finite",
      "three steps in a row had gradients that are infinite or NaN; the weights are those of before them: try a "
      "smaller --lr, or --dtype f32");
}

std::int64_t Fit::tokens_of(std::span<const std::uint32_t> chosen) const {
  std::int64_t n = 0;
  for (const std::uint32_t c : chosen) n += static_cast<std::int64_t>(examples_[c].ids.size());
  return n;
}

Result<PassSums> Fit::gradients(std::span<const std::uint32_t> chosen) {
  std::vector<Pass> passes = make_passes(examples_, chosen, o_.micro_batch, o_.pass_tokens);
  while (true) {
    auto sums = run_passes(passes);
    if (sums || !out_of_memory(sums.error())) return sums;
    trainer_.drop_gradients();
    RM_TRY(shrink(passes, sums.error()));
  }
}

Result<PassSums> Fit::run_passes(const std::vector<Pass>& passes) {
  PassSums sums;
  for (const Pass& p : passes) {
    if (signals::stop_requested()) return signals::stop_error();
    RM_ASSIGN(const PassSums s, trainer_.accumulate(p));
    sums += s;
    events_.running(static_cast<std::int64_t>(p.ids.size()));
  }
  return sums;
}

// Halves every pass that is longer than half of the longest, now and for all steps to come.
Result<void> Fit::shrink(std::vector<Pass>& passes, const Error& why) {
  const std::int64_t most = longest(passes) / 2;
  std::vector<Pass> smaller;
  bool halved = false;
  for (Pass& p : passes) {
    std::vector<Pass> parts;
    if (static_cast<std::int64_t>(p.ids.size()) > most) parts = halve(p);
    halved = halved || !parts.empty();
    if (parts.empty()) parts.push_back(std::move(p));
    std::ranges::move(parts, std::back_inserter(smaller));
  }
  if (!halved) {
    Error e = why;
    e.message += ": a chain of " + format_grouped(static_cast<std::uint64_t>(longest(smaller))) +
                 " tokens does not fit alone; try --max-length, --lora-rank, --dtype bf16 or a smaller model";
    return e;
  }
  passes = std::move(smaller);
  o_.pass_tokens = place_.pass_tokens = std::max<std::int64_t>(1, most);
  events_.notice("memory ran out; the step begins again with passes of at most " +
                 format_grouped(static_cast<std::uint64_t>(most)) + " tokens");
  return {};
}

}  // namespace rm::tune
