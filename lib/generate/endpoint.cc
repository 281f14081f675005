#include "lib/generate/endpoint.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <deque>
#include <map>
#include <unordered_map>

#include "lib/base/escape.h"
#include "lib/base/number.h"
#include "lib/base/signals.h"
#include "lib/generate/chat_api.h"
#include "lib/generate/endpoint_job.h"
#include "lib/generate/http_client.h"
#include "lib/generate/retry.h"
#include "lib/generate/servers.h"

namespace rm::generate {
namespace {

using Outcome = Servers::Outcome;

constexpr Millis kHeedStop{100};  // how long a requested stop may go unnoticed
constexpr Millis kProbeTimeout{10'000};
// Tags of exchanges that are no requests: a probe of a server, and the question what models it has after a 404.
constexpr std::uint64_t kProbe = std::uint64_t{1} << 63, kOffers = std::uint64_t{1} << 62;

ServerPolicy policy_of(const EndpointOptions& o) {
  ServerPolicy p;
  p.limit = (o.max_inflight + o.urls.size() - 1) / o.urls.size();
  p.begin_drained = o.api_model.empty();
  return p;
}

class Endpoint final : public Generator {
 public:
  Endpoint(EndpointOptions o, std::unique_ptr<HttpClient> http)
      : o_(std::move(o)),
        http_(std::move(http)),
        servers_(o_.urls.size(), policy_of(o_)),
        models_(o_.urls.size(), o_.api_model),
        rng_(derive_seed(static_cast<std::uint64_t>(Clock::now().time_since_epoch().count()),
                         static_cast<std::uint64_t>(::getpid()))) {}

  std::string model_name() const override {
    const auto known = std::ranges::find_if(models_, [](const std::string& m) { return !m.empty(); });
    return known == models_.end() ? std::string() : *known;
  }
  std::size_t capacity() const override { return o_.max_inflight; }
  std::int64_t context() const override { return 0; }
  bool reasoning_model() const override { return false; }
  std::size_t in_flight() const override { return jobs_.size(); }

  Result<void> submit(Request r) override;
  Result<std::vector<Reply>> wait() override;
  void nudge() override {
    nudged_ = true;
    http_->wakeup();
  }
  void cancel(std::uint64_t id) override;
  void cancel_all() override;
  Result<Tokenized> show(const Request& r) const override { return chat_as_text(r); }

 private:
  void begin_due(Time now);
  Result<void> begin(std::uint64_t tag, Job& job, std::size_t server);
  Result<void> dispatch(Time now);
  Result<void> ask_models(std::uint64_t kind, std::size_t server);
  Millis patience(Time now) const;
  void check_dead(Time now);

  void take(HttpAnswer& a, Time now);
  void take_reply(std::uint64_t tag, Job& job, const HttpAnswer& a, Time now);
  void take_refusal(std::uint64_t tag, Job& job, const HttpAnswer& a, Time now);
  void take_probe(std::size_t server, const HttpAnswer& a, Time now);
  void take_offers(std::size_t server, const HttpAnswer& a);
  void try_again(std::uint64_t tag, Job& job, const std::string& why, Outcome outcome, const HttpAnswer& a, Time now);
  void move_away(std::size_t server);
  void end(std::uint64_t tag, Job& job, Result<Reply> reply);
  void distrust(std::size_t server, const HttpAnswer& a);
  void fail(Exit exit, std::string reason, std::string message, std::size_t server);
  void refuse_key(std::size_t server, const HttpAnswer& a, const ServerWords& words);
  std::string without_key(std::string text) const;
  std::string shown_url(std::size_t server) const { return escape_text(o_.urls[server]); }

  EndpointOptions o_;
  std::unique_ptr<HttpClient> http_;
  Servers servers_;
  std::vector<std::string> models_;  // of each server; empty: not known yet
  Rng rng_;
  json::Document doc_;
  std::unordered_map<std::uint64_t, std::unique_ptr<Job>> jobs_;
  std::deque<std::uint64_t> ready_;             // tags, some of jobs that are gone
  std::multimap<Time, std::uint64_t> delayed_;  // likewise
  std::uint64_t next_ = 1;
  std::size_t active_ = 0;
  std::vector<Reply> done_;
  std::optional<Error> fatal_;
  std::string not_found_;  // why the servers' offers are being asked for; no new work meanwhile
  std::string last_failure_;
  Time last_answer_{};
  bool answered_ = false;  // a reply has come
  bool polling_ = false;
  std::vector<std::uint64_t> cancel_later_;  // asked for while polling
  std::atomic<bool> nudged_{false};
};

Result<void> Endpoint::submit(Request r) {
  RM_TRY(chat_supports(r));
  if (jobs_.empty()) last_answer_ = Clock::now();  // time without work is no silence
  auto job = std::make_unique<Job>();
  if (o_.urls.size() > 1) job->prefix = prefix_of(r);
  job->request = std::move(r);
  ready_.push_back(next_);
  jobs_.emplace(next_++, std::move(job));
  return {};
}

Result<std::vector<Reply>> Endpoint::wait() {
  while (done_.empty() && !fatal_ && !jobs_.empty() && !nudged_.exchange(false) && !signals::stop_requested()) {
    const Time now = Clock::now();
    begin_due(now);
    RM_TRY(dispatch(now));
    polling_ = true;
    auto answers = http_->poll(patience(now));
    polling_ = false;
    if (!answers) return answers.error();
    const Time then = Clock::now();
    for (HttpAnswer& a : *answers) take(a, then);
    for (const std::uint64_t id : std::exchange(cancel_later_, {})) cancel(id);
    check_dead(then);
  }
  if (done_.empty() && fatal_) return *fatal_;
  return std::exchange(done_, {});
}

void Endpoint::begin_due(Time now) {
  while (!delayed_.empty() && delayed_.begin()->first <= now) {
    ready_.push_front(delayed_.begin()->second);
    delayed_.erase(delayed_.begin());
  }
}

Result<void> Endpoint::dispatch(Time now) {
  while (const auto server = servers_.probe_due(now)) RM_TRY(ask_models(kProbe, *server));
  while (!ready_.empty() && active_ < o_.max_inflight && not_found_.empty()) {
    const std::uint64_t tag = ready_.front();
    const auto it = jobs_.find(tag);
    if (it != jobs_.end()) {
      const auto server = servers_.take(it->second->prefix, it->second->last);
      if (!server) break;
      RM_TRY(begin(tag, *it->second, *server));
    }
    ready_.pop_front();
  }
  return {};
}

Result<void> Endpoint::begin(std::uint64_t tag, Job& job, std::size_t server) {
  HttpCall call;
  call.tag = tag;
  call.url = o_.urls[server] + "/chat/completions";
  RM_ASSIGN(call.body, chat_body(job.request, models_[server], o_.stream));
  job.server = server;
  ++active_;
  if (o_.stream) {
    job.begin_stream();
    call.on_body = [&job](std::string_view bytes) { return job.push(bytes); };
  }
  return http_->start(std::move(call));
}

Result<void> Endpoint::ask_models(std::uint64_t kind, std::size_t server) {
  HttpCall call;
  call.tag = kind | server;
  call.url = o_.urls[server] + "/models";
  call.timeout = std::min(o_.timeout, kProbeTimeout);
  return http_->start(std::move(call));
}

Millis Endpoint::patience(Time now) const {
  Time until = now + kHeedStop;
  if (!delayed_.empty()) until = std::min(until, delayed_.begin()->first);
  if (const auto probe = servers_.next_probe()) until = std::min(until, *probe);
  return std::max(Millis(0), std::chrono::ceil<Millis>(until - now));
}

void Endpoint::check_dead(Time now) {
  if (fatal_ || jobs_.empty() || !servers_.all_drained() || now - last_answer_ < o_.dead_after) return;
  http_->abort_all();
  const double seconds = std::chrono::duration<double>(o_.dead_after).count();
  fatal_ = make_error(Exit::kUnavailable, "unavailable",
                      std::string(o_.urls.size() == 1 ? "the server has not" : "no server has") + " answered for " +
                          format_duration(seconds) + "; the last failure: " + last_failure_);
}

void Endpoint::take(HttpAnswer& a, Time now) {
  if ((a.tag & kProbe) != 0) return take_probe(a.tag & ~kProbe, a, now);
  if ((a.tag & kOffers) != 0) return take_offers(a.tag & ~kOffers, a);
  const auto it = jobs_.find(a.tag);
  if (it == jobs_.end() || !it->second->server) return;
  Job& job = *it->second;
  job.last = std::exchange(job.server, std::nullopt);
  --active_;
  if (a.status != 0) last_answer_ = now;
  take_reply(a.tag, job, a, now);
}

void Endpoint::take_reply(std::uint64_t tag, Job& job, const HttpAnswer& a, Time now) {
  if (a.untrusted) return distrust(*job.last, a);
  if (a.too_large) {
    servers_.give_back(*job.last, Outcome::kNeutral, now);
    return end(tag, job,
               make_error(Exit::kInput, "reply_too_large",
                          "the reply has more than " + format_bytes(o_.max_reply_bytes) + " and was cut off"));
  }
  if (!a.failure.empty() || a.status == 0) return try_again(tag, job, a.failure, Outcome::kFailed, a, now);
  if (a.status < 200 || a.status > 299) return take_refusal(tag, job, a, now);
  auto reply = job.stream ? job.finish_stream() : read_completion(doc_, a.body, job.request);
  if (!reply && reply.error().reason == "bad_reply") {
    return try_again(tag, job, reply.error().message, Outcome::kFailed, a, now);
  }
  answered_ = true;
  servers_.give_back(*job.last, Outcome::kAnswered, now);
  end(tag, job, std::move(reply));
}

void Endpoint::take_refusal(std::uint64_t tag, Job& job, const HttpAnswer& a, Time now) {
  const ServerWords words = server_words(doc_, a.body);
  const std::size_t server = *job.last;
  const std::string said = "status " + std::to_string(a.status) + (words.message.empty() ? "" : ": " + words.message);
  Action action = action_for(a.status, words);
  if (a.status == 403 && answered_) action = Action::kRefused;  // the key is good: it is the prompt that is not liked
  if (action == Action::kRetry) return try_again(tag, job, said, Outcome::kFailed, a, now);
  if (action == Action::kBusy) return try_again(tag, job, said, Outcome::kNeutral, a, now);
  servers_.give_back(server, Outcome::kNeutral, now);
  switch (action) {
    case Action::kKey:
      return refuse_key(server, a, words);
    case Action::kElsewhere:
      return fail(Exit::kUsage, "bad_url", "redirects to " + escape_text(a.location) + ": give that address", server);
    case Action::kNotFound:
      if (!not_found_.empty()) return;  // the question is already out
      not_found_ = said;
      if (auto asked = ask_models(kOffers, server); !asked) fatal_ = asked.error();
      return;
    default:
      return end(tag, job,
                 make_error(Exit::kInput, action == Action::kTooLong ? "too_long" : "refused",
                            without_key("the server refused the request: " + said)));
  }
}

void Endpoint::try_again(std::uint64_t tag, Job& job, const std::string& why, Outcome outcome, const HttpAnswer& a,
                         Time now) {
  const std::size_t server = *job.last;
  last_failure_ = without_key(shown_url(server) + ": " + (why.empty() ? "no answer" : why));
  const bool drained = servers_.give_back(server, outcome, now);
  if (++job.failures >= o_.attempts) {
    end(tag, job,
        make_error(Exit::kUnavailable, "endpoint",
                   "gave up after " + std::to_string(job.failures) + " attempts; the last: " + last_failure_));
  } else {
    Millis pause = back_off(job.failures, rng_);
    if (const auto asked = retry_after(a.retry_after, std::time(nullptr))) {
      pause = *asked + Millis(static_cast<std::int64_t>(rng_.uniform() * std::min(1000.0, 0.1 * asked->count())));
    }
    delayed_.emplace(now + pause, tag);
  }
  if (drained && a.status == 0) move_away(server);
}

// What a server that went away still had in hand goes to the others, without a mark against it.
void Endpoint::move_away(std::size_t server) {
  if (servers_.all_drained()) return;
  for (auto& [tag, job] : jobs_) {
    if (job->server != server) continue;
    http_->abort(tag);
    --active_;
    servers_.give_back(server, Outcome::kNeutral, {});
    job->last = std::exchange(job->server, std::nullopt);
    ready_.push_front(tag);
  }
}

void Endpoint::end(std::uint64_t tag, Job& job, Result<Reply> reply) {
  Reply out;
  if (reply) {
    out = *std::move(reply);
    job.show_rest(std::string_view(out.text).substr(job.request.prefill.size()));
  } else {
    out.finish = FinishReason::kError;
    out.error = reply.error();
  }
  out.id = job.request.id;
  done_.push_back(std::move(out));
  jobs_.erase(tag);
}

// Asking again would not make a certificate a better one.
void Endpoint::distrust(std::size_t server, const HttpAnswer& a) {
  fail(Exit::kUnavailable, "untrusted",
       "its certificate is not trusted: " + a.failure + " (SSL_CERT_FILE names a file of authorities to trust)",
       server);
}

void Endpoint::take_probe(std::size_t server, const HttpAnswer& a, Time now) {
  if (a.untrusted) return distrust(server, a);
  const bool answered = a.failure.empty() && a.status >= 200 && a.status < 500;
  std::string why = a.failure.empty() ? "GET /models: status " + std::to_string(a.status) : a.failure;
  bool alive = answered;
  if (answered && models_[server].empty()) {
    const ServerWords words = a.status < 300 ? ServerWords{} : server_words(doc_, a.body);
    const Action action = action_for(a.status, words);
    if (action == Action::kKey) return refuse_key(server, a, words);
    if (action != Action::kRead && action != Action::kBusy && action != Action::kRetry) {
      return fail(Exit::kUsage, "bad_url",
                  "does not list its models (status " + std::to_string(a.status) +
                      "): name one with --api-model, and check that the address ends in /v1",
                  server);
    }
    const auto ids = read_models(doc_, a.body);
    if (ids && !ids->empty()) models_[server] = ids->front();
    if (action == Action::kRead) why = ids ? "it offers no model" : ids.error().message;
    alive = !models_[server].empty();
  }
  if (alive) last_answer_ = now;
  if (!alive) last_failure_ = without_key(shown_url(server) + ": " + why);
  servers_.probed(server, alive, now);
}

void Endpoint::take_offers(std::size_t server, const HttpAnswer& a) {
  const std::string model = "\"" + escape_text(models_[server]) + "\"";
  const auto ids = read_models(doc_, a.body);
  if (a.status != 200 || !ids) {
    return fail(Exit::kUsage, "bad_url",
                "does not know /chat/completions or the model " + model + " (" + not_found_ +
                    "): check --api-model, and that the address ends in /v1",
                server);
  }
  const bool listed = std::ranges::find(*ids, models_[server]) != ids->end();
  fail(Exit::kModel, "no_model",
       listed ? "lists the model " + model + " but refuses it (" + not_found_ + ")"
              : "has no model " + model + "; it offers " + list_models(*ids) + " (--api-model)",
       server);
}

void Endpoint::fail(Exit exit, std::string reason, std::string message, std::size_t server) {
  http_->abort_all();
  if (!fatal_) fatal_ = make_error(exit, std::move(reason), without_key(std::move(message)), shown_url(server));
}

// The words of a 401 are left out: some servers repeat a part of the key in them.
void Endpoint::refuse_key(std::size_t server, const HttpAnswer& a, const ServerWords& words) {
  const std::string said = a.status == 401 || words.message.empty() ? "" : ": " + words.message;
  fail(Exit::kUnavailable, "key_refused",
       (o_.api_key.empty() ? "the server wants a key" : "the server refused the key") + std::string(" (status ") +
           std::to_string(a.status) + said + "): set OPENAI_API_KEY",
       server);
}

std::string Endpoint::without_key(std::string text) const {
  if (o_.api_key.empty()) return text;
  for (std::size_t at; (at = text.find(o_.api_key)) != std::string::npos;) text.replace(at, o_.api_key.size(), "***");
  return text;
}

void Endpoint::cancel(std::uint64_t id) {
  if (polling_) return cancel_later_.push_back(id);
  for (auto it = jobs_.begin(); it != jobs_.end();) {
    if (it->second->request.id != id) {
      ++it;
      continue;
    }
    if (const auto server = it->second->server) {
      http_->abort(it->first);
      servers_.give_back(*server, Outcome::kNeutral, Clock::now());
      --active_;
    }
    it = jobs_.erase(it);
  }
  std::erase_if(done_, [id](const Reply& r) { return r.id == id; });
}

void Endpoint::cancel_all() {
  std::vector<std::uint64_t> ids;
  for (const auto& entry : jobs_) ids.push_back(entry.second->request.id);
  for (const std::uint64_t id : ids) cancel(id);
  if (!polling_) ready_.clear(), delayed_.clear(), done_.clear();
}

}  // namespace

Result<std::unique_ptr<Generator>> open_endpoint(EndpointOptions o) {
  if (o.urls.empty()) return make_error(Exit::kUsage, "bad_url", "there is no address of a server");
  for (std::string& url : o.urls) {
    RM_ASSIGN(url, clean_base(url));
  }
  o.max_inflight = std::max<std::size_t>(o.max_inflight, 1);
  o.attempts = std::max(o.attempts, 1);
  HttpOptions h;
  h.api_key = o.api_key;
  h.timeout = o.timeout;
  h.max_bytes = o.max_reply_bytes;
  h.connections = o.max_inflight + o.urls.size();
  RM_ASSIGN(std::unique_ptr<HttpClient> http, HttpClient::open(std::move(h)));
  return std::unique_ptr<Generator>(std::make_unique<Endpoint>(std::move(o), std::move(http)));
}

}  // namespace rm::generate
