// Drives many tasks over one generator: keeps it busy, hands each reply to its task, gives back tasks as they finish.
//
// Tasks are asked in the order they were added, so the oldest finish first where the generator allows. Owns neither the
// generator nor what a task points to. One thread, the generator's; another thread may only nudge the generator.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "lib/base/result.h"
#include "lib/generate/generator.h"
#include "lib/generate/task.h"

namespace rm::generate {

class Runner {
 public:
  explicit Runner(Generator& generator) : generator_(generator) {}

  void add(const std::shared_ptr<Task>& task);
  // Whether the generator has room for more than what is queued here.
  bool wants_more() const { return queue_.empty() && generator_.in_flight() < generator_.capacity(); }
  bool idle() const { return queue_.empty() && asked_.empty() && finished_.empty(); }
  // Sends what can be sent, waits for a reply if any is in flight, and returns the tasks that ended meanwhile: done(), or with
  // `failed` set. Possibly none (a nudge, a stop). An Error is the generator's end; the tasks stay unfinished.
  Result<std::vector<std::shared_ptr<Task>>> pump();
  // As pump() without waiting: sends, and returns what ended at once.
  Result<std::vector<std::shared_ptr<Task>>> send();
  // Forgets a task and cancels its requests; it is not returned any more.
  void cancel(const Task& task);
  void cancel_all();

 private:
  struct Asked {
    std::shared_ptr<Task> task;
    std::uint64_t request = 0;
  };
  struct Waiting {
    std::shared_ptr<Task> task;
    Request request;
  };
  void advance(const std::shared_ptr<Task>& task);
  Result<void> submit_queued();

  Generator& generator_;
  std::deque<Waiting> queue_;
  std::unordered_map<std::uint64_t, Asked> asked_;  // by the ticket the generator knows
  std::vector<std::shared_ptr<Task>> finished_;
  std::uint64_t ticket_ = 1;
};

}  // namespace rm::generate
