// The records of one request on their way through the dispatcher: submitted a window at a time, cancelled when the client goes.
//
// Belongs to the thread that answers the request; what happens comes out of run() by callbacks on that thread.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "lib/serve/connection.h"
#include "lib/serve/dispatcher.h"

namespace rm::serve {

class Batch {
 public:
  // `gone` says whether nobody waits for the reply any more; asked a few times a second.
  Batch(Dispatcher& dispatcher, const Limits& limits, std::function<bool()> gone);
  ~Batch();
  Batch(const Batch&) = delete;
  Batch& operator=(const Batch&) = delete;

  std::size_t add(std::shared_ptr<judge::Job> job);  // its number
  void stream_text();                                // on_text gets what the model writes; before start()

  // Submits the first jobs. Reason "busy" or "down" (both Exit::kUnavailable) where nothing could be taken.
  Result<void> start();

  struct Sink {
    std::function<void(const Event& text)> on_text;
    std::function<void(std::size_t job, const std::optional<Error>& error)>
        on_done;                     // Job::failed comes as an error too
    std::function<void()> on_pause;  // nothing happened for a while
  };
  enum class End { kAll, kGone };
  // Until every job has ended, the time is up (on_done with "timeout" for what is missing) or the client is gone.
  End run(const Sink& sink);

 private:
  void submit_more();
  void finish(std::size_t job, const std::optional<Error>& error, const Sink& sink);

  Dispatcher& dispatcher_;
  const Limits& limits_;
  std::function<bool()> gone_;
  std::shared_ptr<Mailbox> box_ = std::make_shared<Mailbox>();
  std::vector<std::shared_ptr<judge::Job>> jobs_;
  std::vector<bool> ended_;
  std::size_t next_ = 0, out_ = 0, left_ = 0;  // to submit, submitted and not ended, not ended
  Dispatcher::Taken last_ = Dispatcher::Taken::kYes;
  Clock::time_point deadline_;
};

}  // namespace rm::serve
