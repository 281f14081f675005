#include "lib/serve/server.h"

#include <array>
#include <condition_variable>
#include <mutex>
#include <utility>

#include "lib/base/escape.h"
#include "lib/base/number.h"
#include "lib/base/signals.h"
#include "lib/serve/context.h"

namespace rm::serve {
namespace {

struct Route {
  std::string_view path, methods;
};

constexpr std::array<Route, 8> kRoutes{Route{"/v1/judge", "POST"},      Route{"/openrlhf", "POST"},
                                       Route{"/get_reward", "POST"},    Route{"/classify", "POST"},
                                       Route{"/v1/embeddings", "POST"}, Route{"/health", "GET, HEAD"},
                                       Route{"/metrics", "GET, HEAD"},  Route{"/", "GET, HEAD"}};

// A bounded set of names for counting, whatever clients ask for.
Route route_of(std::string_view path) {
  for (const Route& r : kRoutes) {
    if (path == r.path) return r;
  }
  return {"other", ""};
}

}  // namespace

void reply_error(httplib::Response& res, int status, std::string_view code, std::string_view message) {
  res.status = status;
  if (status == 503) res.set_header("Retry-After", "1");
  res.set_content(error_body(code, message), "application/json");
}

void reply_error(httplib::Response& res, const Error& e) {
  const int status = e.reason == "timeout" ? 504 : e.exit == Exit::kInput ? 400 : 503;
  reply_error(res, status, e.reason, e.message);
}

struct Server::Impl {
  Impl(Options o, generate::Generator& generator, Judging j, std::function<void(const std::string&)> l)
      : options(std::move(o)),
        judging(std::move(j)),
        log(std::move(l)),
        dispatcher(generator, options.limits.queue),
        context{options, judging, dispatcher, metrics},
        front(options, [this](const Head& h, int status, double seconds) { seen(h, status, seconds); }) {}

  void add_routes();
  void health(httplib::Response& res);
  void seen(const Head& head, int status, double seconds);
  void wait_for_end();

  Options options;
  Judging judging;
  std::function<void(const std::string&)> log;
  Metrics metrics;
  Dispatcher dispatcher;
  Context context;
  Front front;
  std::mutex mutex;
  std::condition_variable changed;
  bool stopping = false;
};

void Server::Impl::seen(const Head& head, int status, double seconds) {
  metrics.request(route_of(head.path).path, status, seconds);
  if (!log || (!options.verbose && (status < 500 || status == 503))) return;
  log(head.method + " " + escape_text(head.path) + " " + std::to_string(status) + " " + format_fixed(seconds * 1e3, 1) +
      " ms");
}

void Server::Impl::health(httplib::Response& res) {
  const bool well = dispatcher.healthy();
  res.status = well ? 200 : 503;
  std::string body;
  json::Writer w(body);
  w.begin_object().member("status", well ? "ok" : "failed").member("model", std::string_view(dispatcher.model()));
  w.member("in_flight", static_cast<std::uint64_t>(dispatcher.running()));
  w.member("queued", static_cast<std::uint64_t>(dispatcher.waiting()));
  w.member("uptime_seconds", metrics.uptime());
  if (const auto down = dispatcher.down()) w.member("error", std::string_view(down->message));
  w.end_object();
  res.set_content(body + "\n", "application/json");
}

void Server::Impl::add_routes() {
  using httplib::Request;
  using httplib::Response;
  const auto post = [this](const char* path, void (*route)(Context&, const Request&, Response&)) {
    front.Post(path, httplib::Server::Handler([this, route](const Request& q, Response& r) { route(context, q, r); }));
  };
  post("/v1/judge", judge_route);
  post("/openrlhf", openrlhf_route);
  post("/get_reward", openrlhf_route);
  post("/classify", classify_route);
  post("/v1/embeddings", embeddings_route);
  front.Get("/health", [this](const Request&, Response& r) { health(r); });
  front.Get("/metrics", [this](const Request&, Response& r) {
    r.set_content(metrics.text({front.connections(), dispatcher.waiting(), dispatcher.running(), dispatcher.healthy(),
                                dispatcher.model()}),
                  "text/plain; version=0.0.4");
  });
  front.Get("/", [this](const Request& q, Response& r) { page_route(context, q, r); });
  front.set_allowed([](std::string_view path) { return std::string(route_of(path).methods); });
  front.set_default_headers({{"X-Content-Type-Options", "nosniff"}, {"Cache-Control", "no-store"}});
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

Server::~Server() {
  impl_->dispatcher.stop();
  impl_->front.stop();
}

Result<std::unique_ptr<Server>> Server::open(Options options, generate::Generator& generator, Judging judging,
                                             std::function<void(const std::string&)> log) {
  RM_TRY(check_exposure(options));
  auto impl = std::make_unique<Impl>(std::move(options), generator, std::move(judging), std::move(log));
  impl->add_routes();
  std::unique_ptr<Server> server(new Server(std::move(impl)));
  RM_TRY(server->impl_->front.start());
  return server;
}

int Server::port() const { return impl_->front.port(); }

std::string Server::url() const {
  const std::string& host = impl_->options.host;
  const bool bracket = host.find(':') != std::string::npos;
  return "http://" + (bracket ? "[" + host + "]" : host) + ":" + std::to_string(port()) + "/";
}

void Server::stop() {
  const std::lock_guard lock(impl_->mutex);
  impl_->stopping = true;
  impl_->changed.notify_all();
}

// A model that fails for good is said once; from then on requests get 503 and /health tells whoever restarts servers.
void Server::Impl::wait_for_end() {
  bool told = false;
  std::unique_lock lock(mutex);
  while (!stopping && !signals::drain_requested() && !signals::stop_requested()) {
    if (!dispatcher.healthy() && !std::exchange(told, true) && log)
      log("the model has failed: " + dispatcher.down()->message +
          "; requests are answered with 503 until the server is restarted");
    changed.wait_for(lock, std::chrono::milliseconds(100));
  }
}

Exit Server::run() {
  signals::drain_first();
  Impl& s = *impl_;
  s.wait_for_end();
  const auto deadline = Clock::now() + s.options.limits.drain_time;
  bool drained = false;
  while (!drained && Clock::now() < deadline && !signals::stop_requested())
    drained = s.front.drain(std::chrono::milliseconds(100));
  const auto failed = s.dispatcher.down();
  s.dispatcher.stop();
  s.front.stop();
  if (signals::stop_requested()) return signals::stop_exit();
  if (failed) return failed->exit;
  return drained ? Exit::kDone : Exit::kStopped;
}

}  // namespace rm::serve
