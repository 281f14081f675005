#include "tools/rm-rl/run.h"

#include <algorithm>
#include <numeric>

#include "lib/base/free_memory.h"
#include "lib/base/json.h"
#include "lib/base/number.h"
#include "tools/rm-rl/verbs.h"

namespace rm::rmrl {
namespace {

constexpr std::size_t kShown = 2;  // groups of a batch whose rollouts are written

std::string percent(double share) { return format_fixed(100 * share, 1) + " %"; }

double share(std::int64_t n, std::int64_t of) { return of > 0 ? static_cast<double>(n) / static_cast<double>(of) : 0; }

}  // namespace

metrics::Record record(const rl::GrpoStep& s) {
  const double seconds = std::accumulate(s.seconds.begin(), s.seconds.end(), 0.0);
  metrics::TrainStep t{s.step, s.loss, s.lr, s.grad_norm, s.tokens, 0, seconds};
  if (seconds > 0) t.tokens_per_s = static_cast<double>(s.tokens) / seconds;
  metrics::Record r = metrics::record(t);
  r.add("reward_mean", s.reward_mean).add("reward_std", s.reward_std).add("right", s.right);
  r.add("kl", s.kl).add("entropy", s.entropy).add("clip_fraction", s.clip_fraction).add("drift", s.drift);
  r.add("length_mean", s.length_mean).add("length_max", s.length_max);
  r.add("truncated", s.truncated).add("unparsed", s.unparsed);
  r.add("all_right", s.all_right).add("all_wrong", s.all_wrong).add("flat", s.flat);
  r.add("prompts", s.prompts).add("rollouts", s.rollouts).add("reply_tokens", s.reply_tokens);
  r.add("replaced", s.replaced);
  r.add("gap_mean", s.gap_mean).add("gap_max", s.gap_max);
  for (std::size_t i = 0; i < s.seconds.size(); ++i) r.add(std::string("seconds_") + rl::kPhaseNames[i], s.seconds[i]);
  r.add("memory_bytes", resident_memory());
  if (!s.taken) r.add("refused", 1);
  return r;
}

metrics::Record record(const Validated& v) {
  const rl::HeldOut& h = v.result;
  const stats::Interval i = h.interval();
  metrics::Record r(v.step);
  r.add("val_verdict_accuracy", h.accuracy()).add("val_verdict_low", i.low).add("val_verdict_high", i.high);
  r.add("val_parsed", share(h.parsed, h.asked)).add("val_parsed_accuracy", share(h.right, h.parsed));
  r.add("val_consistent", share(h.consistent, h.pairs)).add("val_both_right", share(h.both_right, h.pairs));
  return r.add("val_length_mean", h.length).add("val_truncated", share(h.truncated, h.asked)).add("val_asked", h.asked);
}

std::string sample_line(std::int64_t step, const rl::Group& g, std::size_t rollout, std::uint64_t line) {
  const rl::Rollout& r = g.rollouts[rollout];
  std::string out;
  json::Writer w(out);
  w.begin_object().member("step", step).member("line", line).member("rollout", static_cast<std::int64_t>(rollout));
  w.member("label", g.prompt->label == judge::Side::kA ? "A" : "B").member("swapped", g.prompt->swapped);
  w.member("reward", g.rewards[rollout]).member("advantage", g.advantages[rollout]);
  w.member("right", bool{g.right[rollout]}).member("parsed", bool{g.parsed[rollout]});
  w.member("truncated", r.truncated).member("tokens", static_cast<std::int64_t>(r.ids.size()));
  w.member("reply", std::string_view(r.text)).end_object();
  return out;
}

RlRun::RlRun(const RlOptions& o, const Pairs& pairs, const traincli::Wanted& wanted, const traincli::Base& base,
             const rl::Task& task, const generate::EngineOptions& engine, tune::Trainer& trainer)
    : o_(o),
      pairs_(pairs),
      wanted_(wanted),
      base_(base),
      task_(task),
      engine_(engine),
      trainer_(trainer),
      progress_({.quiet = o.common.quiet, .unit = "steps"}),
      best_(o) {}

Result<void> RlRun::open(std::optional<tune::Place> resumed, std::int64_t total_steps) {
  const auto step = resumed ? std::optional(resumed->step) : std::nullopt;
  RM_ASSIGN(sinks_, metrics::Sinks::open({o_.metrics, o_.tensorboard, step}));
  RM_ASSIGN(samples_, metrics::Log::open(o_.samples_file, step));
  if (step) RM_TRY(best_.find(*step));
  done_ = step.value_or(0);
  progress_.set_total(static_cast<std::uint64_t>(total_steps));
  progress_.skip(static_cast<std::uint64_t>(done_));
  return {};
}

Result<void> RlRun::close() {
  progress_.finish();
  RM_TRY(samples_->close());
  return sinks_->close();
}

Result<void> RlRun::stepped(const rl::GrpoStep& s) {
  step_ = s;
  done_ = s.step;
  tokens_ += s.tokens;
  in_phase_ = 0;
  draw("");
  return sinks_->write(record(s));
}

// Of the first prompts of a batch all that was written to them: what a group's rewards differ by is what is learned.
Result<void> RlRun::sampled(std::int64_t step, std::span<const rl::Group> groups) {
  for (const rl::Group& g : groups.first(std::min(kShown, groups.size()))) {
    for (std::size_t j = 0; j < g.rollouts.size(); ++j)
      RM_TRY(samples_->write(sample_line(step + 1, g, j, pairs_.numbers[g.prompt->record])));
  }
  return {};
}

void RlRun::running(rl::Phase phase, std::int64_t tokens) {
  if (phase != phase_) phase_ = phase, in_phase_ = 0;
  in_phase_ += tokens;
  draw(std::string(rl::kPhaseNames[static_cast<std::size_t>(phase)]) + " " +
       format_grouped(static_cast<std::uint64_t>(in_phase_)) + " tokens, ");
}

void RlRun::draw(const std::string& what) {
  const std::string reward = step_ ? "reward " + format_fixed(step_->reward_mean, 3) + ", " : "";
  progress_.note(reward + what + format_bytes(resident_memory()));
  progress_.update(static_cast<std::uint64_t>(done_), 0, 0);
}

void RlRun::notice(const std::string& sentence) {
  progress_.erase();
  if (!o_.common.quiet) cli::warn(kProgram, sentence);
}

Result<rl::HeldOut> RlRun::judge() {
  rl::SamplingOptions s;
  s.max_tokens = o_.rl.max_tokens;
  s.stops = task_.stops;
  generate::EngineOptions e = engine_;
  e.batch = static_cast<int>(std::min(rl::kMostAtOnce, std::ssize(pairs_.validate)));
  auto opened = trainer_.engine(e);
  if (!opened) return rl::engine_error(opened.error());
  const auto engine = std::move(*opened);
  std::int64_t said = 0;
  return rl::judge_held_out(*engine, *task_.tokenizer, pairs_.validate, s, [&](std::int64_t tokens) {
    said += tokens;
    draw("validation " + format_grouped(static_cast<std::uint64_t>(said)) + " tokens, ");
  });
}

Result<void> RlRun::validate(const tune::Place& p) {
  if (pairs_.validate.empty() || sinks_->validated() == p.step) return {};  // an earlier run did
  RM_ASSIGN(rl::HeldOut result, judge());
  const Validated v{p.step, result};
  if (!first_) first_ = v;
  last_ = v;
  const rl::HeldOut& h = v.result;
  const stats::Interval i = h.interval();
  notice("step " + std::to_string(p.step) + ": right in " + percent(h.accuracy()) + " of " +
         format_grouped(static_cast<std::uint64_t>(h.asked)) + " held-out verdicts (" + percent(i.low) + " to " +
         percent(i.high) + "), " + percent(share(h.right, h.parsed)) + " of the " + percent(share(h.parsed, h.asked)) +
         " that parse; in both orders alike in " + percent(share(h.consistent, h.pairs)));
  RM_TRY(best_.offer(p.step, h.accuracy(), base_, trainer_));
  return sinks_->write(record(v));
}

Result<void> RlRun::save(const tune::Place& p) {
  RM_TRY(sinks_->sync());  // a power cut must not leave a checkpoint that is ahead of its figures
  RM_TRY(samples_->sync());
  return traincli::save_run(o_, wanted_, base_.path, p, trainer_);
}

}  // namespace rm::rmrl
