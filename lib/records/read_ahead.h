// Lines read by a thread of their own, so that a slow producer never holds up work in flight.
//
// Owns the Lines; at most a few hundred lines or 64 MiB wait here. pop() is for one thread. Destruction ends the thread, also
// one that waits for a pipe: then a stop is requested, so destroy it last.
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "lib/base/result.h"
#include "lib/records/lines.h"

namespace rm::records {

class ReadAhead {
 public:
  explicit ReadAhead(Lines lines);
  ~ReadAhead();
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;

  enum class Got { kLine, kNothingYet, kEnd };
  // `block` waits a moment for a line; still kNothingYet where none came. An Error ends the input, after every line before it.
  Result<Got> pop(Line& line, bool block);
  const std::string& name() const { return name_; }
  std::optional<double> fraction() const;  // how much of the input has been read

 private:
  void read();

  Lines lines_;
  std::string name_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Line> queue_;
  std::size_t bytes_ = 0;
  bool ended_ = false, quit_ = false;
  std::optional<Error> error_;
  std::atomic<double> fraction_{-1};
  std::thread thread_;
};

}  // namespace rm::records
