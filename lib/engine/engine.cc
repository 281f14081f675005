#include "lib/engine/engine.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <utility>

#include "lib/base/signals.h"
#include "lib/engine/sampler.h"

namespace rm::engine {
namespace {

using generate::Finish;
using generate::TokenEvent;
using generate::TokenRequest;

constexpr std::int64_t kChunk = 128;  // deterministic mode: rows of a prompt step
constexpr int kGroup = 16;            // deterministic mode: rows of a decode step

// A forward step of a second or less: 10^12 operations on a CPU of two cores, of which a token takes about one for each
// byte of weights in bf16.
std::int64_t step_tokens(const model::StepModel& m, int batch, bool gpu) {
  std::int64_t n = 2048;
  if (!gpu) {
    const auto fits = static_cast<std::int64_t>(1'000'000'000'000ull / std::max<std::uint64_t>(m.weight_bytes(), 1));
    for (n = 256; n > 32 && n > fits;) n /= 2;
  }
  return std::max<std::int64_t>(n, batch + 32);
}

SchedulerOptions scheduler_options(const model::StepModel& m, const CachePlan& plan, const generate::EngineOptions& o) {
  SchedulerOptions s;
  const bool gpu = m.device() != "cpu";
  s.batch = plan.batch;
  s.step_tokens = step_tokens(m, plan.batch, gpu);
  s.group = kGroup;
  if (m.rows_independent()) s.draft = o.draft;
  s.copies = !o.deterministic || m.rows_independent();
  if (o.deterministic) s.chunk = (kChunk + m.page_tokens() - 1) / m.page_tokens() * m.page_tokens();
  return s;
}

Error bad_request(const TokenRequest& r, std::string what) {
  return make_error(Exit::kBug, "bad_request", "sequence " + std::to_string(r.id) + ": " + std::move(what));
}

class Stopwatch {
 public:
  explicit Stopwatch(double& seconds) : seconds_(seconds) {}
  ~Stopwatch() { seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count(); }
  Stopwatch(const Stopwatch&) = delete;

 private:
  double& seconds_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace

Result<std::unique_ptr<Engine>> Engine::make(std::unique_ptr<model::StepModel> model, const CachePlan& plan,
                                             const generate::EngineOptions& o) {
  RM_TRY(model->allocate(plan.pages));
  return std::unique_ptr<Engine>(new Engine(std::move(model), plan, o));
}

Engine::Engine(std::unique_ptr<model::StepModel> model, const CachePlan& plan, const generate::EngineOptions& o)
    : model_(std::move(model)),
      plan_(plan),
      deterministic_(o.deterministic),
      pool_(plan.pages, model_->page_tokens()),
      scheduler_(scheduler_options(*model_, plan, o), pool_) {}

generate::EngineInfo Engine::info() const {
  generate::EngineInfo i;
  i.vocab = model_->vocab();
  i.context = plan_.context;
  i.batch = plan_.batch;
  i.device = model_->device();
  i.dtype = model_->dtype();
  i.isa = model_->isa();
  i.weight_bytes = model_->weight_bytes();
  i.cache_bytes = static_cast<std::uint64_t>(plan_.pages) * model_->page_bytes();
  return i;
}

generate::EngineStats Engine::stats() const {
  generate::EngineStats s = stats_;
  s.shared_tokens = scheduler_.shared_tokens();
  s.preempted = scheduler_.preempted();
  return s;
}

Result<void> Engine::check(const TokenRequest& r) const {
  const auto outside = [this](std::int32_t id) { return id < 0 || id >= model_->vocab(); };
  if (sequences_.contains(r.id) || std::ranges::find(cancelled_, r.id) != cancelled_.end())
    return bad_request(r, "the id is in use");
  if (r.prompt.empty()) return bad_request(r, "the prompt is empty");
  for (const auto* ids : {&r.prompt, &r.watch, &r.forced}) {
    const auto bad = std::ranges::find_if(*ids, outside);
    if (bad == ids->end()) continue;
    return bad_request(
        r, "token " + std::to_string(*bad) + " is not in the model's vocabulary of " + std::to_string(model_->vocab()));
  }
  if (r.forced.empty() && r.max_tokens < 1) return bad_request(r, "max_tokens is below 1");
  if (!(r.temperature >= 0) || !std::isfinite(r.temperature) || !(r.top_p > 0) || !(r.top_p <= 1))
    return bad_request(r, "temperature must be 0 or more and top_p in (0, 1]");
  const auto prompt = static_cast<std::int64_t>(r.prompt.size());
  const auto reply = std::max<std::int64_t>(1, static_cast<std::int64_t>(r.forced.size()));
  if (prompt <= plan_.context - reply) return {};
  std::string message = "the prompt has " + std::to_string(prompt) + " tokens";
  if (!r.forced.empty()) message += " and the given reply " + std::to_string(reply);
  message += "; a sequence may hold " + std::to_string(plan_.context) + ", its reply included";
  message += plan_.memory_bound ? ": memory leaves no more for the cache (the model could hold " +
                                      std::to_string(model_->context()) + "); free some, or take a smaller model"
             : plan_.context < model_->context()
                 ? ": raise --context (the model can hold " + std::to_string(model_->context()) + ")"
                 : ": that is all this model can hold; shorten the text";
  return make_error(Exit::kInput, "too_long", std::move(message));
}

Result<void> Engine::submit(TokenRequest r) {
  RM_TRY(check(r));
  auto s = std::make_unique<Sequence>();
  s->prompt = static_cast<std::int64_t>(r.prompt.size());
  s->tokens = r.prompt;
  s->tokens.insert(s->tokens.end(), r.forced.begin(), r.forced.end());
  s->limit = r.max_tokens < plan_.context - s->prompt ? s->prompt + r.max_tokens : plan_.context;
  s->serial = next_serial_++;
  s->request = std::move(r);
  scheduler_.add(*s);
  const auto id = s->request.id;
  sequences_.emplace(id, std::move(s));
  return {};
}

Result<void> Engine::cancel(generate::SequenceId id) {
  const auto it = sequences_.find(id);
  if (it == sequences_.end()) return {};  // already over
  cancelled_.push_back(id);
  finish(*it->second);
  return {};
}

void Engine::finish(Sequence& s) {
  scheduler_.remove(s);
  sequences_.erase(s.request.id);
}

Result<std::vector<TokenEvent>> Engine::step() {
  Events events;
  for (const auto id : std::exchange(cancelled_, {})) {
    events.push_back({});
    events.back().id = id;
    events.back().finish = Finish::kCancelled;
  }
  const Stopwatch whole(stats_.seconds);
  while (events.empty() && !sequences_.empty()) {
    const Plan plan = scheduler_.next();
    if (plan.work.empty()) {
      return make_error(Exit::kBug, "engine",
                        "no work was found for " + std::to_string(sequences_.size()) + " sequences");
    }
    for (const Plan::Copy& c : plan.copies) RM_TRY(model_->copy_page(c.from, c.to));
    RM_TRY(run(plan.work, plan.pad_rows, events));
    if (signals::stop_requested()) break;
  }
  return events;
}

Result<void> Engine::run(std::span<const Work> work, int pad_rows, Events& events) {
  spans_.clear();
  for (const Work& w : work) {
    const Sequence& s = *w.sequence;
    model::Span span;
    span.position = s.computed;
    span.tokens = std::span(s.tokens).subspan(static_cast<std::size_t>(s.computed),
                                              static_cast<std::size_t>(w.count - w.drafted));
    if (w.drafted > 0) span.tokens = s.guessed;
    span.pages = s.pages;
    span.logits = w.logits;
    span.all_logits = w.all_logits;
    spans_.push_back(span);
  }
  auto logits = [&] {
    const Stopwatch model(stats_.model_seconds);
    return model_->run(spans_, pad_rows);
  }();
  if (!logits) {
    if (logits.error().exit == Exit::kResources && pad_rows == 0) return run_in_parts(work, logits.error(), events);
    return logits.error();
  }
  count(work);
  return take_rows(work, *logits, events);
}

void Engine::count(std::span<const Work> work) {
  const std::int64_t before = stats_.decode_tokens;
  for (const Work& w : work) {
    const bool decode = w.drafted > 0 || (w.count == 1 && w.logits && w.sequence->computed >= w.sequence->prompt);
    (decode ? stats_.decode_tokens : stats_.prefill_tokens) += w.count - w.drafted;
    stats_.drafted_tokens += w.drafted;
  }
  ++stats_.steps;
  stats_.decode_steps += stats_.decode_tokens > before;
}

// Out of memory: the halves one after the other, and smaller steps from now on.
Result<void> Engine::run_in_parts(std::span<const Work> work, const Error& why, Events& events) {
  scheduler_.shrink();
  if (work.size() > 1) {
    RM_TRY(run(work.first(work.size() / 2), 0, events));
    return run(work.subspan(work.size() / 2), 0, events);
  }
  Work first = work[0], second = work[0];
  if (first.count <= 1) return why;
  if (first.drafted > 0) {
    first = {first.sequence, 1, true, false};
    return run({&first, 1}, 0, events);
  }
  first.count /= 2;
  first.logits = false;
  second.count -= first.count;
  RM_TRY(run({&first, 1}, 0, events));
  return run({&second, 1}, 0, events);
}

Result<void> Engine::take_rows(std::span<const Work> work, std::span<const float> logits, Events& events) {
  const Stopwatch sampling(stats_.sample_seconds);
  const auto vocab = static_cast<std::size_t>(model_->vocab());
  std::int64_t rows = 0;
  for (const Work& w : work) rows += w.all_logits ? w.count : w.logits;
  if (logits.size() != static_cast<std::size_t>(rows) * vocab) {
    return make_error(Exit::kBug, "engine",
                      "the model returned " + std::to_string(logits.size()) + " logits; expected " +
                          std::to_string(rows) + " rows of " + std::to_string(vocab));
  }
  for (const Work& w : work) {
    const auto wanted = static_cast<std::size_t>(w.all_logits ? w.count : w.logits) * vocab;
    if (w.drafted > 0) {
      RM_TRY(take_draft(w, logits.first(wanted), events));
      logits = logits.subspan(wanted);
      continue;
    }
    Sequence& s = *w.sequence;
    const std::int64_t begin = s.computed;
    scheduler_.advance(w);
    bool over = false;
    for (std::int64_t i = w.all_logits ? 0 : w.count - 1; i < w.count && (w.logits || w.all_logits); ++i) {
      const auto row = logits.first(vocab);
      logits = logits.subspan(vocab);
      if (over || begin + i < s.first_logit()) continue;  // `s` is gone once over
      RM_ASSIGN(over, emit(s, row, events));
    }
  }
  return {};
}

// Each row says the token after it. The next row counts only where its guess was that token.
Result<void> Engine::take_draft(const Work& w, std::span<const float> logits, Events& events) {
  Sequence& s = *w.sequence;
  const auto vocab = static_cast<std::size_t>(model_->vocab());
  std::int64_t accepted = 0;
  for (std::size_t i = 0;; ++i) {
    RM_ASSIGN(const bool over, emit(s, logits.subspan(i * vocab, vocab), events));
    if (over) return {};  // `s` is gone
    if (accepted == w.drafted || s.tokens.back() != s.guessed[i + 1]) break;
    ++accepted;
  }
  stats_.decode_tokens += accepted;
  stats_.accepted_tokens += accepted;
  scheduler_.advance(w, accepted);
  return {};
}

Result<bool> Engine::emit(Sequence& s, std::span<const float> row, Events& events) {
  const TokenRequest& r = s.request;
  auto stats = row_stats(row);
  if (!stats) {
    Error e = stats.error();
    e.message =
        "token " + std::to_string(s.emitted) + " of the reply to sequence " + std::to_string(r.id) + ": " + e.message;
    return e;
  }
  const auto index = static_cast<std::size_t>(s.emitted);
  const std::int32_t token =
      s.forced() ? r.forced[index] : sample(row, *stats, {r.temperature, r.top_p, r.seed}, index);
  TokenEvent e;
  e.id = r.id;
  if (!s.forced() && std::ranges::find(r.stop, token) != r.stop.end()) {
    e.finish = Finish::kStop;
    e.stop = token;
    e.logprob = stats->logprob(row[static_cast<std::size_t>(token)]);
  } else {
    e.token = token;
    e.logprob = stats->logprob(row[static_cast<std::size_t>(token)]);
    e.argmax = stats->argmax;
    for (const std::int32_t id : r.watch) e.watched.push_back(stats->logprob(row[static_cast<std::size_t>(id)]));
    ++s.emitted;
    if (s.forced()) {
      if (s.emitted == static_cast<std::int64_t>(r.forced.size())) e.finish = Finish::kStop;
    } else {
      s.tokens.push_back(token);
      if (static_cast<std::int64_t>(s.tokens.size()) >= s.limit) e.finish = Finish::kLength;
    }
  }
  const bool over = e.finish.has_value();
  events.push_back(std::move(e));
  if (over) finish(s);
  return over;
}

}  // namespace rm::engine
