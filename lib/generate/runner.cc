#include "lib/generate/runner.h"

#include <utility>

namespace rm::generate {

void Runner::add(const std::shared_ptr<Task>& task) { advance(task); }

// Queues what the task asks now, or puts it among the finished.
void Runner::advance(const std::shared_ptr<Task>& task) {
  for (Request& r : task->next()) queue_.push_back({task, std::move(r)});
  if (!task->done() && !task->failed) return;
  if (task->done()) task->name_model(generator_.model_name());
  finished_.push_back(task);
}

Result<void> Runner::submit_queued() {
  while (!queue_.empty() && generator_.in_flight() < generator_.capacity()) {
    Waiting w = std::move(queue_.front());
    queue_.pop_front();
    if (w.task->failed) continue;  // an earlier request of the task could not be made
    Asked asked{w.task, w.request.id};
    w.request.id = ticket_++;
    const std::uint64_t ticket = w.request.id;
    if (auto sent = generator_.submit(std::move(w.request)); !sent) {
      if (sent.error().exit != Exit::kInput) return sent.error();
      w.task->failed = sent.error();
      finished_.push_back(w.task);
      continue;
    }
    asked_.emplace(ticket, std::move(asked));
  }
  return {};
}

Result<std::vector<std::shared_ptr<Task>>> Runner::send() {
  RM_TRY(submit_queued());
  return std::exchange(finished_, {});
}

Result<std::vector<std::shared_ptr<Task>>> Runner::pump() {
  RM_TRY(submit_queued());
  if (!finished_.empty()) return std::exchange(finished_, {});
  if (generator_.in_flight() == 0) return std::vector<std::shared_ptr<Task>>{};
  RM_ASSIGN(std::vector<Reply> replies, generator_.wait());
  for (Reply& r : replies) {
    const auto it = asked_.find(r.id);
    if (it == asked_.end()) continue;
    const Asked asked = std::move(it->second);
    asked_.erase(it);
    if (asked.task->failed) continue;
    r.id = asked.request;
    asked.task->take(std::move(r));
    advance(asked.task);
  }
  return std::exchange(finished_, {});
}

void Runner::cancel(const Task& task) {
  std::erase_if(queue_, [&](const Waiting& w) { return w.task.get() == &task; });
  std::erase_if(finished_, [&](const std::shared_ptr<Task>& j) { return j.get() == &task; });
  std::erase_if(asked_, [&](const auto& entry) {
    if (entry.second.task.get() != &task) return false;
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

}  // namespace rm::generate
