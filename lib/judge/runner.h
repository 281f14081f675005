// Drives many jobs over one generator: keeps it busy, hands each reply to its job, gives back jobs as they finish.
//
// Jobs are asked in the order they were added, so the oldest finish first where the generator allows. Owns neither the
// generator nor what a job points to. One thread, the generator's; another thread may only nudge the generator.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

#include "lib/base/result.h"
#include "lib/generate/generator.h"
#include "lib/judge/job.h"

namespace rm::judge {

class Runner {
 public:
  explicit Runner(generate::Generator& generator) : generator_(generator) {}

  void add(std::shared_ptr<Job> job);
  // Whether the generator has room for more than what is queued here.
  bool wants_more() const { return queue_.empty() && generator_.in_flight() < generator_.capacity(); }
  bool idle() const { return queue_.empty() && asked_.empty() && finished_.empty(); }
  // Sends what can be sent, waits for a reply if any is in flight, and returns the jobs that ended meanwhile: done(), or with
  // `failed` set. Possibly none (a nudge, a stop). An Error is the generator's end; the jobs stay unfinished.
  Result<std::vector<std::shared_ptr<Job>>> pump();
  // As pump() without waiting: sends, and returns what ended at once.
  Result<std::vector<std::shared_ptr<Job>>> send();
  // Forgets a job and cancels its requests; it is not returned any more.
  void cancel(const Job& job);
  void cancel_all();

 private:
  struct Asked {
    std::shared_ptr<Job> job;
    std::uint64_t request = 0;
  };
  struct Waiting {
    std::shared_ptr<Job> job;
    generate::Request request;
  };
  void advance(const std::shared_ptr<Job>& job);
  Result<void> submit_queued();

  generate::Generator& generator_;
  std::deque<Waiting> queue_;
  std::unordered_map<std::uint64_t, Asked> asked_;  // by the ticket the generator knows
  std::vector<std::shared_ptr<Job>> finished_;
  std::uint64_t ticket_ = 1;
};

}  // namespace rm::judge
