#include "lib/records/read_ahead.h"

#include <chrono>

#include "lib/base/signals.h"

namespace rm::records {
namespace {

constexpr std::size_t kLines = 256;
constexpr std::size_t kBytes = 64u << 20;
constexpr std::chrono::milliseconds kPatience{250};  // so that the caller can flush what it wrote

}  // namespace

ReadAhead::ReadAhead(Lines lines) : lines_(std::move(lines)), name_(lines_.name()), thread_([this] { read(); }) {}

ReadAhead::~ReadAhead() {
  {
    std::unique_lock lock(mutex_);
    quit_ = true;
    changed_.notify_all();
    // A read from a file ends by itself; one from a silent pipe only when told to.
    if (!changed_.wait_for(lock, std::chrono::milliseconds(100), [this] { return ended_; }) &&
        !signals::stop_requested())
      signals::request_stop(Exit::kStopped);
  }
  thread_.join();
}

void ReadAhead::read() {
  for (;;) {
    Line line;
    auto more = lines_.next(line);
    std::unique_lock lock(mutex_);
    if (!more || !*more || quit_) {
      if (!more) error_ = more.error();
      ended_ = true;
      changed_.notify_all();
      return;
    }
    if (const auto f = lines_.fraction()) fraction_ = *f;
    changed_.wait(lock, [this] { return quit_ || (queue_.size() < kLines && bytes_ < kBytes); });
    bytes_ += line.text.size();
    queue_.push_back(std::move(line));
    changed_.notify_all();
  }
}

Result<ReadAhead::Got> ReadAhead::pop(Line& line, bool block) {
  std::unique_lock lock(mutex_);
  if (block) changed_.wait_for(lock, kPatience, [this] { return ended_ || !queue_.empty(); });
  if (queue_.empty()) {
    if (!ended_) return Got::kNothingYet;
    if (error_) return *error_;
    return Got::kEnd;
  }
  line = std::move(queue_.front());
  queue_.pop_front();
  bytes_ -= line.text.size();
  changed_.notify_all();
  return Got::kLine;
}

std::optional<double> ReadAhead::fraction() const {
  const double f = fraction_;
  if (f < 0) return std::nullopt;
  return f;
}

}  // namespace rm::records
