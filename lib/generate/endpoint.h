// A Generator over OpenAI-compatible servers (vLLM, SGLang, llama.cpp, Ollama, hosted ones): one or a pool of them.
//
// Owns its connections and requests; one thread. Nothing goes over the network before the first wait(). Connection errors,
// time-outs, 408, 429, 5xx and replies that do not parse are tried again, elsewhere where there is an elsewhere; a request
// that used up its attempts comes back as a Reply with error reason "endpoint". Other reasons: "refused" and "too_long"
// (the server's words), "content_filter", "reply_too_large". The key never shows in an error.
//
// wait() fails for good: kUnavailable, reason "unavailable", when all servers are down and none has answered for
// dead_after; kUnavailable, "key_refused", for 401, and for 403 before the first reply (neither input nor flags are wrong:
// the same run with another key may do); kModel, "no_model", with what the server offers; kUsage, "bad_url", for an address
// that is no such API or redirects.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/generate/generator.h"

namespace rm::generate {

struct EndpointOptions {
  std::vector<std::string> urls;  // bases that end in /v1
  std::string api_model;          // empty: each server's first of GET /models, asked when the first request waits
  std::string api_key;            // the caller reads it from the environment
  std::size_t max_inflight = 64;  // over all servers
  std::chrono::milliseconds timeout{600'000};  // of one attempt
  bool stream = false;                         // replies come in pieces (on_text); worth it only for a reader
  std::size_t max_reply_bytes = std::size_t{64} << 20;
  std::chrono::milliseconds dead_after{60'000};
  int attempts = 10;
};

// Exit::kUsage for an address or key that cannot be used, kResources when there is no HTTP library. Of the result:
// capacity() is max_inflight, context() 0 (unknown), model_name() empty until the servers' model is known, and show() the
// messages as text without ids (the server renders the prompt).
Result<std::unique_ptr<Generator>> open_endpoint(EndpointOptions o);

}  // namespace rm::generate
