// What the server has done so far, as Prometheus reads it. Counters only grow; any thread; no call waits for another long.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>

#include "lib/records/judgment.h"

namespace rm::serve {

class Metrics {
 public:
  void request(std::string_view route, int status, double seconds);
  void judged(const records::Judgment& j);
  void failed() { ++failures_; }

  // What is not counted here but known when somebody asks.
  struct Now {
    std::size_t connections = 0, waiting = 0, running = 0;
    bool healthy = true;
    std::string model;
  };
  std::string text(const Now& now) const;  // text/plain; version=0.0.4
  double uptime() const;

 private:
  static constexpr std::array<double, 14> kBounds{0.001, 0.005, 0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300};

  mutable std::mutex mutex_;
  std::map<std::pair<std::string, int>, std::uint64_t> requests_;  // by route and status
  std::array<std::uint64_t, kBounds.size() + 1> buckets_{};
  double seconds_ = 0;
  std::atomic<std::uint64_t> judged_{0}, unparsed_{0}, ties_{0}, failures_{0}, samples_{0};
  std::atomic<std::int64_t> prompt_tokens_{0}, completion_tokens_{0};
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

}  // namespace rm::serve
