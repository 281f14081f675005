// Threads that run short-lived tasks: started when needed, up to a limit, and kept. A task beyond the limit waits its turn.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace rm::serve {

class Workers {
 public:
  explicit Workers(std::size_t limit) : limit_(limit) {}
  ~Workers() { stop(); }
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void run(std::function<void()> task);               // after stop() it is dropped
  bool wait_idle(std::chrono::milliseconds at_most);  // until nothing runs or waits
  void stop();                                        // runs what waits, then joins

 private:
  void work();

  std::size_t limit_, free_ = 0, busy_ = 0;
  bool stopping_ = false;
  std::mutex mutex_;
  std::condition_variable wanted_, idle_;
  std::deque<std::function<void()>> tasks_;
  std::vector<std::thread> threads_;
};

}  // namespace rm::serve
