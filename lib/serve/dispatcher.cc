#include "lib/serve/dispatcher.h"

#include <algorithm>
#include <utility>

namespace rm::serve {

void Mailbox::push(Event e) {
  {
    const std::lock_guard lock(mutex_);
    events_.push_back(std::move(e));
  }
  changed_.notify_one();
}

std::optional<Event> Mailbox::pop(std::chrono::milliseconds at_most) {
  std::unique_lock lock(mutex_);
  if (!changed_.wait_for(lock, at_most, [this] { return !events_.empty(); })) return std::nullopt;
  Event e = std::move(events_.front());
  events_.pop_front();
  return e;
}

Dispatcher::Dispatcher(generate::Generator& generator, std::size_t queue_limit)
    : generator_(generator), runner_(generator), limit_(queue_limit), model_(generator.model_name()), thread_([this] {
        drive();
      }) {}

Dispatcher::Taken Dispatcher::submit(std::shared_ptr<judge::Job> job, std::shared_ptr<Mailbox> box, std::size_t index) {
  bool first = false;
  {
    const std::lock_guard lock(mutex_);
    if (down_ || stopping_) return Taken::kDown;
    if (waiting_ + running_ >= limit_) return Taken::kBusy;
    first = incoming_.empty();
    incoming_.push_back({std::move(job), std::move(box), index});
    ++waiting_;
  }
  if (!first) return Taken::kYes;  // the thread has been told already
  wake_.notify_one();
  if (hungry_) generator_.nudge();
  return Taken::kYes;
}

void Dispatcher::cancel(std::shared_ptr<const Mailbox> box) {
  {
    const std::lock_guard lock(mutex_);
    const auto before = incoming_.size();
    std::erase_if(incoming_, [&box](const Order& o) { return o.box == box; });
    waiting_ -= before - incoming_.size();
    if (down_ || stopping_) return;
    cancelled_.push_back(std::move(box));
  }
  wake_.notify_one();
  generator_.nudge();
}

void Dispatcher::stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  generator_.nudge();
  if (thread_.joinable()) thread_.join();
}

std::optional<Error> Dispatcher::down() const {
  const std::lock_guard lock(mutex_);
  return down_;
}

std::string Dispatcher::model() const {
  const std::lock_guard lock(mutex_);
  return model_;
}

void Dispatcher::tell(const Order& o, std::optional<Error> error) {
  Event e;
  e.index = o.index;
  e.error = std::move(error);
  o.box->push(std::move(e));
}

// Waits for something to do. False: the server stops.
bool Dispatcher::take_work(std::vector<Order>& taken, std::vector<std::shared_ptr<const Mailbox>>& cancelled) {
  std::unique_lock lock(mutex_);
  wake_.wait(lock, [this] {
    return stopping_ || !incoming_.empty() || !cancelled_.empty() || !backlog_.empty() || !with_runner_.empty();
  });
  taken.assign(std::make_move_iterator(incoming_.begin()), std::make_move_iterator(incoming_.end()));
  incoming_.clear();
  cancelled.swap(cancelled_);
  hungry_ = true;  // until it is known: whoever submits now nudges
  return !stopping_;
}

void Dispatcher::drive() {
  std::vector<Order> taken;
  std::vector<std::shared_ptr<const Mailbox>> cancelled;
  while (take_work(taken, cancelled)) {
    backlog_.insert(backlog_.end(), std::make_move_iterator(taken.begin()), std::make_move_iterator(taken.end()));
    for (const auto& box : cancelled) forget(box.get());
    cancelled.clear();
    bool going = true;
    while (going && !backlog_.empty() && runner_.wants_more()) {
      Order o = std::move(backlog_.front());
      backlog_.pop_front();
      --waiting_, ++running_;
      const auto job = o.job;
      with_runner_.emplace(job.get(), std::move(o));
      runner_.add(job);
      going = deliver(runner_.send());
    }
    hungry_ = runner_.wants_more();
    if (going && !with_runner_.empty()) going = deliver(runner_.pump());
    if (!going) return;
  }
  runner_.cancel_all();
  const Error stopped = make_error(Exit::kStopped, "stopped", "the server stops");
  for (const auto& [job, order] : with_runner_) tell(order, stopped);
  for (const Order& o : backlog_) tell(o, stopped);
  for (const Order& o : taken) tell(o, stopped);
  with_runner_.clear();
  backlog_.clear();
}

bool Dispatcher::deliver(Result<std::vector<std::shared_ptr<generate::Task>>> ended) {
  if (!ended) return go_down(ended.error()), false;
  if (!named_ && !ended->empty()) {
    const std::lock_guard lock(mutex_);
    model_ = generator_.model_name();
    named_ = !model_.empty();
  }
  for (const auto& job : *ended) {
    const auto it = with_runner_.find(job.get());
    if (it == with_runner_.end()) continue;
    --running_;
    tell(it->second, std::nullopt);
    with_runner_.erase(it);
  }
  return true;
}

void Dispatcher::forget(const Mailbox* box) {
  waiting_ -= std::erase_if(backlog_, [box](const Order& o) { return o.box.get() == box; });
  running_ -= std::erase_if(with_runner_, [&](const auto& entry) {
    if (entry.second.box.get() != box) return false;
    runner_.cancel(*entry.second.job);
    return true;
  });
}

void Dispatcher::go_down(const Error& e) {
  healthy_ = false;
  std::deque<Order> incoming;
  {
    const std::lock_guard lock(mutex_);
    down_ = e;
    incoming.swap(incoming_);
  }
  runner_.cancel_all();
  for (const auto& [job, order] : with_runner_) tell(order, e);
  for (const Order& o : backlog_) tell(o, e);
  for (const Order& o : incoming) tell(o, e);
  with_runner_.clear();
  backlog_.clear();
  waiting_ = running_ = 0;
}

}  // namespace rm::serve
