// What the routes share: made once by the server, only read by them. Internal to lib/serve.
#pragma once

#include <httplib.h>

#include <atomic>
#include <string>

#include "lib/serve/batch.h"
#include "lib/serve/dispatcher.h"
#include "lib/serve/front.h"
#include "lib/serve/intake.h"
#include "lib/serve/metrics.h"

namespace rm::serve {

struct Context {
  const Options& options;
  const Judging& judging;
  Dispatcher& dispatcher;
  Metrics& metrics;
  std::atomic<std::size_t> judging_now{0};
};

// One of the places for requests that wait for the model; holds it while it lives. False: all are taken, say 503.
class Place {
 public:
  explicit Place(Context& c) : context_(c), got_(c.judging_now.fetch_add(1) < c.options.limits.judging) {}
  ~Place() { --context_.judging_now; }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;
  explicit operator bool() const { return got_; }

 private:
  Context& context_;
  bool got_;
};

void reply_error(httplib::Response& res, int status, std::string_view code, std::string_view message);
// By the error's reason: 503 with Retry-After for busy and down, 504 for a time-out, 400 for the rest.
void reply_error(httplib::Response& res, const Error& e);

void judge_route(Context& c, const httplib::Request& req, httplib::Response& res);
void openrlhf_route(Context& c, const httplib::Request& req, httplib::Response& res);
void classify_route(Context& c, const httplib::Request& req, httplib::Response& res);
void embeddings_route(Context& c, const httplib::Request& req, httplib::Response& res);
void page_route(Context& c, const httplib::Request& req, httplib::Response& res);

}  // namespace rm::serve
