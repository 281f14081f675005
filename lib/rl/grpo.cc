#include "lib/rl/grpo.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <utility>

#include "lib/base/number.h"
#include "lib/base/signals.h"
#include "lib/tune/order.h"

namespace rm::rl {
namespace {

constexpr int kMostInARow = 3;  // steps refused, batches without a reward
constexpr const char* kRestLeftOut = "; the rest of its batch is left out, for some of its steps were taken already";

bool out_of_memory(const Error& e) { return e.exit == Exit::kResources && e.reason == "out_of_memory"; }

class Stopwatch {
 public:
  explicit Stopwatch(double& seconds) : seconds_(seconds) {}
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;
  ~Stopwatch() { seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }

 private:
  double& seconds_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

double share(std::int64_t n, std::int64_t of) { return of > 0 ? static_cast<double>(n) / static_cast<double>(of) : 0; }

}  // namespace

Grpo::Grpo(tune::Trainer& trainer, reward::Reward& reward, const Task& task, const GrpoOptions& o, GrpoEvents& events)
    : trainer_(trainer), reward_(reward), task_(task), o_(o), events_(events) {
  total_ = rl::total_steps(o_.settings, std::ssize(task_.prompts));
  o_.schedule.total = total_;
  place_.pass_tokens = o_.pass_tokens;
}

Result<void> Grpo::resume(const tune::Place& p) {
  const auto prompts = std::ssize(task_.prompts);
  const RlSettings& s = o_.settings;
  const std::int64_t batches = p.epoch * batches_per_epoch(s, prompts) + p.position / s.train.batch;
  const bool ended = p.epoch == s.train.epochs && p.position == 0;
  const bool before_a_batch = p.epoch >= 0 && p.epoch < s.train.epochs && p.position >= 0 &&
                              p.position % s.train.batch == 0 && prompts - p.position >= s.train.batch;
  if ((!ended && !before_a_batch) || p.step < 0 || p.step > batches * steps_per_batch(s)) {
    return make_error(Exit::kModel, "bad_checkpoint",
                      "step " + std::to_string(p.step) + ", epoch " + std::to_string(p.epoch) + ", prompt " +
                          std::to_string(p.position) + " is no place of a run of " + std::to_string(s.train.epochs) +
                          " epochs over " + std::to_string(prompts) + " prompts");
  }
  place_ = p;
  if (p.pass_tokens > 0) o_.pass_tokens = p.pass_tokens;
  place_.pass_tokens = o_.pass_tokens;
  saved_ = p.step;
  return {};
}

// Of a run that leaves some steps out (a reward that failed, groups that were replaced) the epochs end it.
bool Grpo::over() const {
  return place_.epoch >= o_.settings.train.epochs || (o_.settings.steps > 0 && place_.step >= o_.settings.steps);
}

Result<void> Grpo::run() {
  const auto ended = [this](const Result<void>& r) {
    return signals::stop_requested() && r.error().exit == signals::stop_exit() ? stop() : fail(r.error());
  };
  // Of a run whose figures are not at hand: that of the batch before, if it was a whole one.
  const std::int64_t last =
      events_.validated().value_or(std::max<std::int64_t>(0, place_.step - steps_per_batch(o_.settings)));
  if (place_.step == 0 || over() || passed(o_.val_every, last)) {
    if (auto done = validate(); !done) return ended(done);
  }
  while (!over()) {
    if (signals::stop_requested()) return stop();
    const std::int64_t before = place_.step;
    auto done = one_batch();
    if (done) done = after_batch(before);
    if (!done) return ended(done);
  }
  if (saved_ != place_.step) RM_TRY(save());  // the last batch had no rewards, or none that differ
  if (validated_ == place_.step) return {};
  const auto done = validate();
  return done ? done : ended(done);
}

// Since step `before` a multiple of `every` was reached.
bool Grpo::passed(std::int64_t every, std::int64_t before) const {
  return every > 0 && place_.step / every > before / every;
}

// Saved before it is validated: that may take long, and a run that is killed meanwhile is asked for it again.
Result<void> Grpo::after_batch(std::int64_t before) {
  const bool last = place_.step > before && over();
  if (last || passed(o_.save_every, before)) RM_TRY(save());
  return last || passed(o_.val_every, before) ? validate() : Result<void>();
}

Result<void> Grpo::validate() {
  RM_TRY(events_.validate(place_));
  validated_ = place_.step;
  return {};
}

Result<void> Grpo::save() {
  cannot_save_ = true;  // until it did
  RM_TRY(events_.save(place_));
  cannot_save_ = false;
  saved_ = place_.step;
  return {};
}

// What ends a run does not take its steps with it: the state of the last one is saved, unless saving is what failed.
Result<void> Grpo::fail(const Error& e) {
  trainer_.drop_gradients();
  if (saved_ == place_.step || place_.step == 0 || cannot_save_) return e;
  const auto saved = save();
  events_.notice(saved ? "step " + std::to_string(place_.step) + " is saved" + (in_batch_ ? kRestLeftOut : "")
                       : "step " + std::to_string(place_.step) + " could not be saved: " + saved.error().text());
  return e;
}

// Between batches the state is that of the last step. Within one it has moved on: what is left of the batch is dropped.
Result<void> Grpo::stop() {
  trainer_.drop_gradients();
  if (in_batch_) events_.notice("the run is saved" + std::string(kRestLeftOut));
  if (saved_ != place_.step) RM_TRY(save());
  return signals::stop_error();
}

// What memory taught stays.
void Grpo::go_back(const tune::Place& p) {
  place_ = p;
  place_.pass_tokens = o_.pass_tokens;
}

Result<void> Grpo::one_batch() {
  seconds_ = {};
  replaced_ = {};
  in_batch_ = false;
  const tune::Place before = place_;
  auto groups = collect();
  if (!groups) {
    go_back(before);
    return groups.error();
  }
  if (groups->empty()) return {};
  RM_TRY(events_.sampled(place_.step, *groups));
  MiniBatches parts = mini_batches(*groups);
  const auto steps = static_cast<double>(parts.ends.size());
  if (parts.ends.size() > 1 || o_.settings.correction > 0) {
    if (auto done = fill(parts.lessons, tune::Under::kNow); !done) {
      go_back(before);
      return done;
    }
  }
  for (double& s : seconds_) s /= steps;
  const auto shared = seconds_;
  std::span<const Group> left = *groups;
  std::size_t from = 0;
  for (const std::size_t end : parts.ends) {
    const std::size_t count = std::min(left.size(), static_cast<std::size_t>(o_.settings.mini_batch));
    auto done = learn(left.first(count), std::span(parts.lessons).subspan(from, end - from));
    if (!done) {
      if (!in_batch_) go_back(before);
      return done;
    }
    left = left.subspan(count);
    from = end;
    seconds_ = shared;
  }
  in_batch_ = false;
  return {};
}

// The groups of a batch; fewer, or none, where a reward failed or flat ones could not all be replaced. Moves on in the epoch.
Result<std::vector<Group>> Grpo::collect() {
  const RlSettings& s = o_.settings;
  std::vector<Group> kept;
  const auto batch = static_cast<std::size_t>(s.train.batch);
  std::size_t flat_groups = 0;
  for (std::int64_t round = 0; round <= s.dynamic && kept.size() < batch; ++round) {
    const std::int64_t left = std::ssize(task_.prompts) - place_.position;
    if (round > 0 && left < s.train.batch) break;
    RM_ASSIGN(std::vector<Group> drawn, draw(std::min(left, s.train.batch)));
    if (auto judged = judge(drawn); !judged) {
      RM_TRY(reward_failed(judged.error()));
      drawn.clear();
    }
    for (Group& g : drawn) {
      const bool equal = s.dynamic > 0 && flat(g.rewards);
      flat_groups += equal;
      if (!equal && kept.size() < batch)
        kept.push_back(std::move(g));
      else
        leave_out(g, equal);
    }
  }
  if (std::ssize(task_.prompts) - place_.position < s.train.batch) ++place_.epoch, place_.position = 0;
  if (s.dynamic > 0 && kept.size() < batch) {
    events_.notice("step " + std::to_string(place_.step + 1) + ": " + std::to_string(kept.size()) + " of " +
                   std::to_string(batch) + " groups have rewards that differ (" + std::to_string(flat_groups) +
                   " were flat)" + (kept.empty() ? "; no step is taken" : ""));
  }
  return kept;
}

void Grpo::leave_out(const Group& g, bool flat) {
  replaced_.flat += flat;
  for (const Rollout& r : g.rollouts) replaced_.tokens += std::ssize(r.ids) + std::ssize(g.prompt->ids);
}

// Rollouts of the next `count` prompts of the epoch.
Result<std::vector<Group>> Grpo::draw(std::int64_t count) {
  if (order_epoch_ != place_.epoch) {
    order_ = tune::epoch_order(o_.seed, place_.epoch, static_cast<std::uint32_t>(task_.prompts.size()));
    order_epoch_ = place_.epoch;
  }
  std::vector<Group> groups;
  std::vector<const Prompt*> prompts;
  std::int64_t longest = 0;
  for (std::int64_t i = 0; i < count; ++i) {
    Group g;
    g.index = order_[static_cast<std::size_t>(place_.position + i)];
    g.prompt = &task_.prompts[static_cast<std::size_t>(g.index)];
    longest = std::max(longest, std::ssize(g.prompt->ids));
    prompts.push_back(g.prompt);
    groups.push_back(std::move(g));
  }
  const Stopwatch watch(seconds(Phase::kRollout));
  generate::EngineOptions e = o_.engine;
  e.dtype = o_.settings.rollout_dtype;
  if (e.context == 0) e.context = longest + o_.settings.max_tokens;
  if (e.batch == 0) e.batch = static_cast<int>(std::min(kMostAtOnce, count * o_.settings.rollouts));
  SamplingOptions sampling;
  sampling.count = o_.settings.rollouts;
  sampling.temperature = o_.settings.temperature;
  sampling.top_p = o_.settings.top_p;
  sampling.max_tokens = o_.settings.max_tokens;
  sampling.stops = task_.stops;
  auto opened = trainer_.engine(e);
  if (!opened) return engine_error(opened.error());
  const auto engine = std::move(*opened);
  const auto seed_of = [&](std::size_t i, std::int64_t index) {
    return rollout_seed(o_.seed, place_.step, groups[i].index, index);
  };
  const auto told = [&](std::int64_t tokens) { events_.running(Phase::kRollout, tokens); };
  RM_ASSIGN(auto rollouts, sample(*engine, *task_.tokenizer, prompts, sampling, seed_of, told));
  for (std::size_t i = 0; i < groups.size(); ++i) groups[i].rollouts = std::move(rollouts[i]);
  place_.position += count;
  return groups;
}

Result<void> Grpo::judge(std::vector<Group>& groups) {
  const Stopwatch watch(seconds(Phase::kReward));
  std::vector<reward::Item> items;
  for (Group& g : groups) {
    for (std::size_t j = 0; j < g.rollouts.size(); ++j) {
      const Rollout& r = g.rollouts[j];
      const std::string_view line = task_.lines.empty() ? std::string_view("{}") : task_.lines[g.prompt->record];
      items.push_back(
          {line, r.text, g.prompt->label, r.truncated, place_.step + 1, g.index, static_cast<std::int64_t>(j)});
      g.right.push_back(judge::rm_r1_reward(r.text, g.prompt->label) > 0);
      g.parsed.push_back(judge::read_verdict(r.text, judge::VerdictMode::kReward).side.has_value());
    }
  }
  RM_ASSIGN(const std::vector<double> scores, reward_.score(items));
  failed_rewards_ = 0;
  auto next = scores.begin();
  for (Group& g : groups) {
    g.rewards.assign(next, next + std::ssize(g.rollouts));
    next += std::ssize(g.rollouts);
    g.advantages = advantages(g.rewards);
  }
  return {};
}

// Its batch is lost, the run goes on.
Result<void> Grpo::reward_failed(const Error& e) {
  if (signals::stop_requested() && e.exit == signals::stop_exit()) return e;
  if (++failed_rewards_ >= kMostInARow || e.reason == "reward_given_up") return e;
  events_.notice("the rewards of the batch after step " + std::to_string(place_.step) +
                 " are missing, so it is left out: " + e.text());
  return {};
}

// What counts nothing is not computed: rollouts that are masked and, where there is no penalty, those of flat groups.
Grpo::MiniBatches Grpo::mini_batches(std::span<const Group> groups) const {
  const RlSettings& s = o_.settings;
  MiniBatches out;
  while (!groups.empty()) {
    const auto part = groups.first(std::min(groups.size(), static_cast<std::size_t>(s.mini_batch)));
    groups = groups.subspan(part.size());
    std::vector<Lesson> lessons;
    std::vector<std::int64_t> lengths;
    for (const Group& g : part) {
      for (std::size_t j = 0; j < g.rollouts.size(); ++j) {
        const Rollout& r = g.rollouts[j];
        lessons.push_back({g.prompt, &r, g.advantages[j], 0, {}, {}, s.correction});
        lengths.push_back(s.mask_truncated && r.truncated ? 0 : std::ssize(r.ids));
      }
    }
    const std::vector<double> weights = token_weights(lengths, s.mean, s.train.micro_batch, s.max_tokens);
    for (std::size_t i = 0; i < lessons.size(); ++i) {
      lessons[i].weight = weights[i];
      if (lengths[i] > 0 && (lessons[i].advantage != 0 || s.rule.kl > 0)) out.lessons.push_back(std::move(lessons[i]));
    }
    out.ends.push_back(out.lessons.size());
  }
  return out;
}

// `run` of each pass of the lessons; where memory runs out all of them again, in smaller passes.
template <class Run>
Result<void> Grpo::each_pass(std::span<const Lesson> lessons, const Run& run) {
  while (true) {
    std::vector<RolloutPass> passes = lay_out(lessons, o_.pass_tokens);
    std::size_t tokens = 0, rollouts = 0;  // of the pass that runs
    Result<void> done;
    for (RolloutPass& p : passes) {
      if (signals::stop_requested()) return signals::stop_error();
      tokens = p.pass.ids.size();
      rollouts = p.places.size();
      done = run(p);
      if (!done) break;
    }
    if (done || !out_of_memory(done.error())) return done;
    if (rollouts < 2) {
      Error e = done.error();
      e.message +=
          ": a rollout of " + format_grouped(tokens) +
          " tokens with its prompt does not fit alone; try --max-tokens, --lora-rank, --dtype bf16 or a smaller model";
      return e;
    }
    o_.pass_tokens = place_.pass_tokens = std::max<std::int64_t>(1, static_cast<std::int64_t>(tokens) / 2);
    events_.notice("memory ran out; it begins again with passes of at most " +
                   format_grouped(static_cast<std::uint64_t>(o_.pass_tokens)) + " tokens");
  }
}

// log p of every token of the lessons, into `old` or `reference`.
Result<void> Grpo::fill(std::span<Lesson> lessons, tune::Under under) {
  const Stopwatch watch(seconds(Phase::kReference));
  return each_pass(lessons, [&](const RolloutPass& p) -> Result<void> {
    RM_ASSIGN(const std::vector<float> found, trainer_.logprobs(p.pass, under));
    for (const RolloutPass::Place& place : p.places) {
      Lesson& l = lessons[place.lesson];
      const auto first = found.begin() + static_cast<std::ptrdiff_t>(place.begin);
      (under == tune::Under::kReference ? l.reference : l.old).assign(first, first + std::ssize(l.rollout->ids));
    }
    events_.running(Phase::kReference, std::ssize(p.pass.ids));
    return {};
  });
}

Result<tune::PassSums> Grpo::gradients(std::span<const Lesson> lessons) {
  tune::PassSums sums;
  bool begun = false;
  RM_TRY(each_pass(lessons, [&](RolloutPass& p) -> Result<void> {
    if (p.places.front().lesson == 0 && begun) {  // from the beginning again
      trainer_.drop_gradients();
      sums = {};
    }
    begun = true;
    set_policy(p, lessons, o_.settings.rule);
    RM_ASSIGN(const tune::PassSums s, trainer_.accumulate(p.pass));
    sums += s;
    events_.running(Phase::kLearn, std::ssize(p.pass.ids));
    return {};
  }));
  return sums;
}

// One optimizer step.
Result<void> Grpo::learn(std::span<const Group> groups, std::span<Lesson> lessons) {
  const RlSettings& s = o_.settings;
  if (s.rule.kl > 0) RM_TRY(fill(lessons, tune::Under::kReference));

  GrpoStep r;
  r.step = place_.step + 1;
  r.lr = tune::rate(o_.schedule, place_.step);
  {
    const Stopwatch watch(seconds(Phase::kLearn));
    RM_ASSIGN(const tune::PassSums sums, gradients(lessons));
    RM_ASSIGN(const tune::StepSums step, trainer_.step({r.lr, s.train.clip}));
    const auto n = static_cast<double>(std::max<std::int64_t>(1, sums.targets));
    r.loss = sums.loss;
    r.grad_norm = step.grad_norm;
    r.taken = step.taken;
    r.kl = sums.penalty / n;
    r.entropy = sums.entropy / n;
    r.clip_fraction = static_cast<double>(sums.clipped) / n;
    r.drift = sums.drift / n;
    r.gap_mean = sums.gap / n;
    r.gap_max = sums.most_gap;
  }
  ++place_.step;
  in_batch_ = true;
  describe(groups, r);
  r.replaced = std::exchange(replaced_.flat, 0);
  r.tokens += std::exchange(replaced_.tokens, 0);
  r.seconds = seconds_;
  RM_TRY(events_.stepped(r));
  refused_ = r.taken ? 0 : refused_ + 1;
  if (r.taken) return {};
  events_.notice("step " + std::to_string(r.step) + ": the gradient is not finite; the step was not taken");
  if (refused_ < kMostInARow) return {};
  return make_error(
      Exit::kResources, "not_finite",
      "three steps in a row had gradients that are infinite or NaN; the weights are those of before them: "
      "try a smaller --lr, or --dtype f32");
}

void Grpo::describe(std::span<const Group> groups, GrpoStep& s) const {
  std::int64_t right = 0, unparsed = 0, truncated = 0, all_right = 0, all_wrong = 0, flat_groups = 0;
  std::vector<double> rewards;
  for (const Group& g : groups) {
    const auto n = std::ssize(g.rollouts);
    const auto good = std::ranges::count(g.right, true);
    right += good;
    all_right += good == n;
    all_wrong += good == 0;
    flat_groups += flat(g.rewards);
    unparsed += std::ranges::count(g.parsed, false);
    rewards.insert(rewards.end(), g.rewards.begin(), g.rewards.end());
    for (const Rollout& r : g.rollouts) {
      truncated += r.truncated;
      s.reply_tokens += std::ssize(r.ids);
      s.tokens += std::ssize(r.ids) + std::ssize(g.prompt->ids);
      s.length_max = std::max(s.length_max, std::ssize(r.ids));
    }
  }
  s.prompts = std::ssize(groups);
  s.rollouts = std::ssize(rewards);
  s.right = share(right, s.rollouts);
  s.unparsed = share(unparsed, s.rollouts);
  s.truncated = share(truncated, s.rollouts);
  s.all_right = share(all_right, s.prompts);
  s.all_wrong = share(all_wrong, s.prompts);
  s.flat = share(flat_groups, s.prompts);
  s.length_mean = share(s.reply_tokens, s.rollouts);
  if (rewards.empty()) return;
  const auto n = static_cast<double>(rewards.size());
  s.reward_mean = std::accumulate(rewards.begin(), rewards.end(), 0.0) / n;
  double squares = 0;
  for (const double r : rewards) squares += (r - s.reward_mean) * (r - s.reward_mean);
  s.reward_std = n > 1 ? std::sqrt(squares / (n - 1)) : 0;
}

}  // namespace rm::rl
