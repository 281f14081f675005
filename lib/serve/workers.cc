#include "lib/serve/workers.h"

#include <chrono>
#include <system_error>

namespace rm::serve {

void Workers::run(std::function<void()> task) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return;
  tasks_.push_back(std::move(task));
  if (tasks_.size() > free_ && threads_.size() < limit_) {
    // Without a new thread the task waits for one that is there already.
    try {
      threads_.emplace_back([this] { work(); });
      ++free_;
    } catch (const std::system_error&) {
    }
  }
  wanted_.notify_one();
}

void Workers::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wanted_.wait(lock, [this] { return stopping_ || !tasks_.empty(); });
    if (tasks_.empty()) return;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    --free_;
    ++busy_;
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
    ++free_;
    --busy_;
    if (busy_ == 0 && tasks_.empty()) idle_.notify_all();
  }
}

bool Workers::wait_idle(std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  return idle_.wait_for(lock, at_most, [this] { return busy_ == 0 && tasks_.empty(); });
}

void Workers::stop() {
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    threads.swap(threads_);
  }
  wanted_.notify_all();
  for (auto& t : threads) t.join();
}

}  // namespace rm::serve
