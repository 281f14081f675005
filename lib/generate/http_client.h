// Many HTTP exchanges at once over kept connections: the only place that knows curl.
//
// Only http and https, TLS verified, no redirect followed, HTTP/1.1. The key goes into one header and nowhere else: it is
// never in a message. One thread drives poll(); only wakeup() may be called from another. A body is bounded while it comes.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace rm::generate {

struct HttpOptions {
  std::string api_key;  // empty: no Authorization header
  std::chrono::milliseconds timeout{600'000};
  std::size_t max_bytes = std::size_t{64} << 20;  // of a body
  std::size_t connections = 64;                   // kept open between exchanges
};

struct HttpCall {
  std::uint64_t tag = 0;  // comes back with the answer; unique among those running
  std::string url;
  std::optional<std::string> body;       // JSON to POST; empty: GET
  std::chrono::milliseconds timeout{0};  // 0: that of the options
  // Takes the body of a 2xx answer piece by piece instead of HttpAnswer::body; false breaks the exchange off.
  std::function<bool(std::string_view)> on_body;
};

struct HttpAnswer {
  std::uint64_t tag = 0;
  long status = 0;  // 0: none came
  std::string body;
  std::string retry_after;  // the header's text
  std::string location;     // where a redirect points
  std::string failure;      // why the exchange did not end well ("Connection refused"), or empty
  bool too_large = false;   // broken off at max_bytes
  bool untrusted = false;   // its certificate is not one to talk to; nothing was sent
};

// A base address without its last slash. Exit::kUsage when it is no http or https address, or holds a user, a query or a
// fragment (secrets come from the environment alone).
Result<std::string> clean_base(const std::string& url);

class HttpClient {
 public:
  // Exit::kUsage for a key that cannot stand in a header (it is not shown), kResources when curl cannot start.
  static Result<std::unique_ptr<HttpClient>> open(HttpOptions o);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  Result<void> start(HttpCall call);
  void abort(std::uint64_t tag);  // no answer comes for it any more; an unknown tag is ignored
  void abort_all();
  std::size_t running() const;
  // Moves bytes for at most `wait`; the answers that are whole. Returns early for an answer or a wakeup().
  Result<std::vector<HttpAnswer>> poll(std::chrono::milliseconds wait);
  void wakeup();

 private:
  struct Impl;
  explicit HttpClient(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rm::generate
