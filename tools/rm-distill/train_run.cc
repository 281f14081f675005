#include "tools/rm-distill/train_run.h"

#include <algorithm>

#include "lib/base/free_memory.h"
#include "lib/base/number.h"
#include "lib/generate/local.h"
#include "tools/rm-distill/verbs.h"

namespace rm::rmdistill {
namespace {

constexpr std::int64_t kLongestReply = 8192;

std::int64_t longest_response(const Chains& c) {
  std::int64_t n = 64;
  for (const auto* examples : {&c.learn, &c.validate}) {
    for (const tune::Example& e : *examples) n = std::max(n, static_cast<std::int64_t>(e.ids.size()) - e.prompt);
  }
  return n;
}

double seconds_between(std::chrono::steady_clock::time_point a, std::chrono::steady_clock::time_point b) {
  return std::chrono::duration<double>(b - a).count();
}

}  // namespace

TrainRun::TrainRun(const TrainOptions& o, const Chains& c, const traincli::Wanted& wanted, const std::string& model,
                   tune::Trainer& trainer)
    : o_(o),
      chains_(c),
      wanted_(wanted),
      model_(model),
      trainer_(trainer),
      progress_({.quiet = o.common.quiet, .unit = "tokens"}),
      since_(Clock::now()) {}

Result<void> TrainRun::open(std::optional<tune::Place> resumed) {
  const auto step = resumed ? std::optional(resumed->step) : std::nullopt;
  RM_ASSIGN(sinks_, metrics::Sinks::open({o_.metrics, o_.tensorboard, step}));
  const std::int64_t epochs = o_.settings.epochs;
  progress_.set_total(static_cast<std::uint64_t>(chains_.learn_tokens * epochs));
  if (resumed) {
    // To the token only at the ends of epochs; between them by the share of chains.
    const double share = static_cast<double>(resumed->position) / static_cast<double>(chains_.learn.size());
    done_before_ = static_cast<std::int64_t>((static_cast<double>(resumed->epoch) + share) *
                                             static_cast<double>(chains_.learn_tokens));
    progress_.skip(static_cast<std::uint64_t>(done_before_));
  }
  since_ = Clock::now();
  return {};
}

Result<void> TrainRun::close() {
  progress_.finish();
  return sinks_->close();
}

Result<void> TrainRun::stepped(const tune::StepReport& r) {
  const auto now = Clock::now();
  const double seconds = seconds_between(since_, now);
  since_ = now;
  step_seconds_ += seconds;
  step_ = r;
  tokens_ += r.tokens;
  in_step_ = 0;  // what was run again for want of memory counts once
  draw();
  metrics::TrainStep s;
  s.step = r.step;
  s.loss = r.loss;
  s.lr = r.lr;
  s.grad_norm = r.grad_norm;
  s.tokens = r.tokens;
  s.tokens_per_s = seconds > 0 ? static_cast<double>(r.tokens) / seconds : 0;
  s.seconds = seconds;
  metrics::Record record = metrics::record(s);
  record.add("token_accuracy", r.targets > 0 ? static_cast<double>(r.right) / static_cast<double>(r.targets) : 0.0);
  record.add("memory_bytes", resident_memory());
  if (!r.taken) record.add("refused", 1);
  return sinks_->write(record);
}

void TrainRun::running(std::int64_t tokens) {
  in_step_ += tokens;
  draw();
}

void TrainRun::draw() {
  std::string extra;
  if (step_) {
    extra = "step " + std::to_string(step_->step) + "/" + std::to_string(step_->total) + ", loss " +
            format_fixed(step_->loss, 4) + ", ";
  }
  progress_.note(extra + format_bytes(resident_memory()));
  progress_.update(static_cast<std::uint64_t>(done_before_ + tokens_ + in_step_), 0, 0);
}

void TrainRun::notice(const std::string& sentence) {
  progress_.erase();
  if (!o_.common.quiet) cli::warn(kProgram, sentence);
}

Result<tune::HeldOutVerdicts> TrainRun::verdicts() {
  generate::LocalOptions local;
  local.engine.model = model_;
  local.engine.threads = static_cast<int>(o_.threads);
  local.engine.deterministic = o_.deterministic;
  local.chat_file = o_.chat;
  RM_ASSIGN(auto engine, trainer_.engine(local.engine));
  RM_ASSIGN(const auto generator, generate::open_local(local, std::move(engine)));
  std::int64_t said = 0;
  return tune::held_out_verdicts(
      *generator, chains_.ask, std::min(kLongestReply, longest_response(chains_) * 5 / 4), [&] {
        progress_.note("validation: " + std::to_string(++said) + "/" + std::to_string(chains_.ask.size()) +
                       " verdicts");
        progress_.update(static_cast<std::uint64_t>(done_before_ + tokens_ + in_step_), 0, 0);
      });
}

Result<void> TrainRun::validate(const tune::Place& p) {
  if (chains_.validate.empty() || sinks_->validated() == p.step) return {};  // an earlier run did
  RM_ASSIGN(const tune::HeldOutLoss loss, tune::held_out_loss(trainer_, chains_.validate, p.pass_tokens));
  metrics::Validation v;
  v.step = p.step;
  v.loss = loss.loss;
  v.token_accuracy = loss.targets > 0 ? static_cast<double>(loss.right) / static_cast<double>(loss.targets) : 0;
  if (!chains_.ask.empty()) {
    RM_ASSIGN(const tune::HeldOutVerdicts said, verdicts());
    const auto share = [](std::int64_t a, std::int64_t b) { return static_cast<double>(a) / static_cast<double>(b); };
    v.parsed = share(said.parsed, said.asked);
    if (said.labelled > 0) v.verdict_accuracy = share(said.right, said.labelled);
  }
  if (!first_) first_ = v;
  last_ = v;
  std::string sentence = "step " + std::to_string(p.step) + ": held-out loss " + format_fixed(v.loss, 4) + ", " +
                         format_fixed(100 * v.token_accuracy, 1) + " % of its tokens right";
  if (v.parsed) sentence += ", verdicts in " + format_fixed(100 * *v.parsed, 1) + " %";
  if (v.verdict_accuracy) sentence += ", right in " + format_fixed(100 * *v.verdict_accuracy, 1) + " %";
  notice(sentence);
  RM_TRY(sinks_->write(metrics::record(v)));
  since_ = Clock::now();
  return {};
}

Result<void> TrainRun::save(const tune::Place& p) {
  RM_TRY(sinks_->sync());  // a power cut must not leave a checkpoint that is ahead of its figures
  RM_TRY(traincli::save_run(o_, wanted_, model_, p, trainer_));
  since_ = Clock::now();
  return {};
}

}  // namespace rm::rmdistill
