#include "lib/judge/runner.h"

#include <utility>

namespace rm::judge {

void Runner::add(std::shared_ptr<Job> job) { advance(job); }

// Queues what the job asks now, or puts it among the finished.
void Runner::advance(const std::shared_ptr<Job>& job) {
  for (generate::Request& r : job->next()) queue_.push_back({job, std::move(r)});
  if (!job->done() && !job->failed) return;
  if (job->done()) job->name_model(generator_.model_name());
  finished_.push_back(job);
}

Result<void> Runner::submit_queued() {
  while (!queue_.empty() && generator_.in_flight() < generator_.capacity()) {
    Waiting w = std::move(queue_.front());
    queue_.pop_front();
    if (w.job->failed) continue;  // an earlier request of the job could not be made
    Asked asked{w.job, w.request.id};
    w.request.id = ticket_++;
    const std::uint64_t ticket = w.request.id;
    if (auto sent = generator_.submit(std::move(w.request)); !sent) {
      if (sent.error().exit != Exit::kInput) return sent.error();
      w.job->failed = sent.error();
      finished_.push_back(w.job);
      continue;
    }
    asked_.emplace(ticket, std::move(asked));
  }
  return {};
}

Result<std::vector<std::shared_ptr<Job>>> Runner::send() {
  RM_TRY(submit_queued());
  return std::exchange(finished_, {});
}

Result<std::vector<std::shared_ptr<Job>>> Runner::pump() {
  RM_TRY(submit_queued());
  if (!finished_.empty()) return std::exchange(finished_, {});
  if (generator_.in_flight() == 0) return std::vector<std::shared_ptr<Job>>{};
  RM_ASSIGN(std::vector<generate::Reply> replies, generator_.wait());
  for (generate::Reply& r : replies) {
    const auto it = asked_.find(r.id);
    if (it == asked_.end()) continue;
    const Asked asked = std::move(it->second);
    asked_.erase(it);
    if (asked.job->failed) continue;
    r.id = asked.request;
    asked.job->take(std::move(r));
    advance(asked.job);
  }
  return std::exchange(finished_, {});
}

void Runner::cancel(const Job& job) {
  std::erase_if(queue_, [&](const Waiting& w) { return w.job.get() == &job; });
  std::erase_if(finished_, [&](const std::shared_ptr<Job>& j) { return j.get() == &job; });
  std::erase_if(asked_, [&](const auto& entry) {
    if (entry.second.job.get() != &job) return false;
    generator_.cancel(entry.first);
    return true;
  });
}

void Runner::cancel_all() {
  queue_.clear();
  asked_.clear();
  finished_.clear();
  generator_.cancel_all();
}

}  // namespace rm::judge
