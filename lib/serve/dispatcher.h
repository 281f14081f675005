// The one thread that drives the generator, and the way from many request threads to it and back.
//
// Owns neither the generator nor the jobs. Jobs come in by submit(), a bounded queue; what becomes of them goes to the
// mailbox that came with each. New jobs join those already running: where the generator has room, it is nudged. A generator
// that fails for good takes every job with it and leaves the dispatcher down; nothing restarts it.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "lib/base/result.h"
#include "lib/generate/generator.h"
#include "lib/generate/runner.h"
#include "lib/judge/job.h"

namespace rm::serve {

struct Event {
  enum class Kind { kText, kDone };  // kDone: the job is done(), has `failed`, or `error` says why it will never be
  Kind kind = Kind::kDone;
  std::size_t index = 0;
  std::uint64_t request = 0;
  std::string text;
  // Of a text: what its request shows.
  std::optional<bool> swapped;                      // a pair: answer b as A
  std::optional<std::array<std::int64_t, 2>> pair;  // a ranking: which two
  std::optional<std::int64_t> answer;               // a rating: which one
  std::optional<Error> error;
};

// What happens to the jobs of one request, in the order it happened. Any threads.
class Mailbox {
 public:
  void push(Event e);
  std::optional<Event> pop(std::chrono::milliseconds at_most);

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Event> events_;
};

class Dispatcher {
 public:
  Dispatcher(generate::Generator& generator, std::size_t queue_limit);
  ~Dispatcher() { stop(); }
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  enum class Taken { kYes, kBusy, kDown };
  Taken submit(std::shared_ptr<judge::Job> job, std::shared_ptr<Mailbox> box, std::size_t index);
  void cancel(std::shared_ptr<const Mailbox> box);  // every job that came with it; what is on its way still arrives
  void stop();                                      // cancels what is left and ends the thread

  bool healthy() const { return healthy_; }
  std::optional<Error> down() const;  // why it is not healthy
  std::string model() const;          // empty while the generator does not know it: endpoints, before their first reply
  std::size_t waiting() const { return waiting_; }  // queued, not yet with the generator
  std::size_t running() const { return running_; }

 private:
  struct Order {
    std::shared_ptr<judge::Job> job;
    std::shared_ptr<Mailbox> box;
    std::size_t index = 0;
  };
  void drive();
  bool take_work(std::vector<Order>& taken, std::vector<std::shared_ptr<const Mailbox>>& cancelled);
  bool deliver(Result<std::vector<std::shared_ptr<generate::Task>>> ended);
  void forget(const Mailbox* box);
  void go_down(const Error& e);
  static void tell(const Order& o, std::optional<Error> error);

  generate::Generator& generator_;
  generate::Runner runner_;
  std::size_t limit_;
  std::unordered_map<const generate::Task*, Order> with_runner_;  // the driving thread's
  bool named_ = false;                                            // likewise
  std::deque<Order> backlog_;                                     // the driving thread's: taken, waiting for room
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<Order> incoming_;
  std::vector<std::shared_ptr<const Mailbox>> cancelled_;  // held, so that no other takes its address
  bool stopping_ = false;
  std::optional<Error> down_;
  std::string model_;
  std::atomic<bool> healthy_{true}, hungry_{true};
  std::atomic<std::size_t> waiting_{0}, running_{0};
  std::thread thread_;
};

}  // namespace rm::serve
