// Where a server listens, who may ask, and how much of everything it holds at once. Plain data.
//
// Every ceiling on what a client can make the server keep is here; each has a test that goes beyond it.
#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

#include "lib/base/limits.h"
#include "lib/base/result.h"

namespace rm::serve {

struct Limits {
  std::size_t body_bytes = limits::kLineBytes;    // one request's body
  std::size_t bodies_bytes = 256u << 20;          // all longer bodies in memory at once; beyond it: 503
  std::size_t early_body_bytes = 256u << 10;      // bodies up to this are read without holding a thread
  std::size_t long_bodies = 64;                   // longer ones and chunked ones being read at once
  std::size_t head_bytes = 32u << 10;             // request line and headers
  std::size_t head_lines = 100;                   // headers
  std::size_t connections = 512;                  // open at once; the one idle longest makes room
  std::size_t threads = 256;                      // requests being answered at once
  std::size_t judging = 224;                      // of these, requests that wait for the model; the rest answer /health
  std::size_t queue = 2048;                       // records waiting or being judged; beyond it: 503
  std::size_t records = 10'000;                   // records of one request
  std::size_t window = 64;                        // records of one request that are with the model at once
  std::int64_t samples = 16;                      // a record; also the most a request may ask for
  std::int64_t budget = 1024;                     // calls a record
  std::chrono::milliseconds head_time{10'000};    // from a request's first byte to the end of its head
  std::chrono::milliseconds body_time{20'000};    // for a body, and a second more for every 256 KiB
  std::chrono::milliseconds write_time{20'000};   // without any progress
  std::chrono::milliseconds idle_time{75'000};    // between requests
  std::chrono::milliseconds judge_time{600'000};  // a whole request; then what is missing fails with "timeout"
  std::chrono::milliseconds drain_time{600'000};  // for what is running when the server is told to stop
};

struct Options {
  std::string host = "127.0.0.1";
  int port = 0;          // 0: any free one
  std::string token;     // non-empty: asked of every request but /health
  bool verbose = false;  // a line on standard error for every request; else for problems alone
  Limits limits;
};

// "127.0.0.1:8080", "[::1]:8080", "localhost:8080", ":8080" (loopback). Exit::kUsage, saying what is expected.
Result<Options> parse_address(std::string_view address);

// Whether only this machine can reach the address. Names other than localhost are taken for reachable.
bool is_loopback(std::string_view host);

// Exit::kUsage where strangers could reach the server and there is no token; the message names $RM_SERVE_TOKEN.
Result<void> check_exposure(const Options& o);

}  // namespace rm::serve
