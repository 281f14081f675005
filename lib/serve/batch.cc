#include "lib/serve/batch.h"

#include <utility>

namespace rm::serve {
namespace {

constexpr std::chrono::milliseconds kLook{200};      // how often a waiting request looks after its client
constexpr std::chrono::milliseconds kBusyWait{20};   // before a full queue is tried again
constexpr std::chrono::milliseconds kPause{10'000};  // of silence before on_pause

}  // namespace

Batch::Batch(Dispatcher& dispatcher, const Limits& limits, std::function<bool()> gone)
    : dispatcher_(dispatcher), limits_(limits), gone_(std::move(gone)), deadline_(Clock::now() + limits.judge_time) {}

Batch::~Batch() {
  if (out_ > 0) dispatcher_.cancel(box_);
}

std::size_t Batch::add(std::shared_ptr<judge::Job> job) {
  jobs_.push_back(std::move(job));
  ended_.push_back(false);
  ++left_;
  return jobs_.size() - 1;
}

void Batch::stream_text() {
  for (std::size_t i = 0; i < jobs_.size(); ++i) {
    // Called by the thread that drives the job, so the job may be asked here.
    jobs_[i]->on_text = [box = box_, job = jobs_[i].get(), i](std::uint64_t request, std::string_view text) {
      const records::Sample& s = job->sample(request);
      Event e;
      e.kind = Event::Kind::kText;
      e.index = i;
      e.request = request;
      e.text = text;
      e.pair = s.pair;
      e.answer = s.answer;
      if (!s.answer) e.swapped = s.swapped;
      box->push(std::move(e));
    };
  }
}

Result<void> Batch::start() {
  if (jobs_.empty()) return {};
  submit_more();
  if (out_ > 0) return {};
  if (last_ == Dispatcher::Taken::kBusy)
    return make_error(Exit::kUnavailable, "busy", "the queue is full; try again in a moment");
  const auto why = dispatcher_.down();
  return make_error(Exit::kUnavailable, "down", why ? "the model has failed: " + why->message : "the server stops");
}

void Batch::submit_more() {
  while (next_ < jobs_.size() && out_ < limits_.window) {
    last_ = dispatcher_.submit(jobs_[next_], box_, next_);
    if (last_ != Dispatcher::Taken::kYes) return;
    ++next_, ++out_;
  }
}

void Batch::finish(std::size_t job, const std::optional<Error>& error, const Sink& sink) {
  if (ended_[job]) return;
  ended_[job] = true;
  --left_;
  const auto& failed = jobs_[job]->failed;
  sink.on_done(job, error ? error : failed);
}

Batch::End Batch::run(const Sink& sink) {
  auto looked = Clock::now(), heard = looked;
  while (left_ > 0) {
    submit_more();
    if (last_ == Dispatcher::Taken::kDown && out_ == 0) {
      const Error down = make_error(Exit::kUnavailable, "down", "the model is not available any more");
      for (std::size_t i = next_; i < jobs_.size(); ++i) finish(i, down, sink);
      break;
    }
    const bool held_up = next_ < jobs_.size() && out_ < limits_.window;
    const auto event = box_->pop(held_up ? kBusyWait : kLook);
    const auto now = Clock::now();
    if (event) {
      heard = now;
      if (event->kind == Event::Kind::kDone) {
        --out_;
        finish(event->index, event->error, sink);
      } else if (sink.on_text) {
        sink.on_text(*event);
      }
    }
    if (now - heard > kPause) {
      heard = now;
      if (sink.on_pause) sink.on_pause();
    }
    if (now - looked > kLook) {
      looked = now;
      if (gone_()) return End::kGone;
    }
    if (now > deadline_) {
      const Error late = make_error(Exit::kUnavailable, "timeout", "the judgment was not ready in time");
      for (std::size_t i = 0; i < jobs_.size(); ++i) finish(i, late, sink);
    }
  }
  return End::kAll;
}

}  // namespace rm::serve
