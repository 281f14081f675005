// Where the metrics of a run go: a file of JSON lines, a folder for TensorBoard, both or neither. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "lib/base/result.h"
#include "lib/metrics/log.h"
#include "lib/metrics/record.h"
#include "lib/metrics/tensorboard.h"

namespace rm::metrics {

struct SinkOptions {
  std::string file;                     // "-": standard output; empty: none
  std::string tensorboard;              // empty: none
  std::optional<std::int64_t> resumed;  // the step that the run goes on from; what was told of later ones is taken back
};

class Sinks {
 public:
  static Result<Sinks> open(const SinkOptions& o);  // the errors of Log::open and EventFile::open
  Result<void> write(const Record& r);
  // All of it on the disk: before a checkpoint that stands for it.
  Result<void> sync();
  Result<void> close();
  // Log::validated() of the file; empty where there is none.
  std::optional<std::int64_t> validated() const { return log_ ? log_->validated() : std::nullopt; }

 private:
  std::optional<Log> log_;
  std::optional<EventFile> events_;
};

}  // namespace rm::metrics
