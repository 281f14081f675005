// The metrics of a run as JSON lines: a line a record, with the system as soon as it is written.
//
// A run that goes on from a checkpoint must not tell steps twice: lines beyond the checkpoint, and a torn last line, are cut
// off the file before the first new one. The file is only ever a prefix of what was written, whenever the run is killed.
// Rank 0 alone has one. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/metrics/record.h"
#include "lib/records/writer.h"

namespace rm::metrics {

class Log {
 public:
  // "-" is standard output, which is never cut. Without `resumed` the file starts empty; with it, it keeps its lines up to
  // the first whose step is greater. Exit::kIo (reason "locked" when another run writes the file); Exit::kInput, before
  // anything is cut, where a line to keep is no record with a step; Exit::kUsage for a compressed file to go on with.
  static Result<Log> open(const std::string& path, std::optional<std::int64_t> resumed = std::nullopt);

  Result<void> write(const Record& r);
  Result<void> write(std::string_view json);  // an object with a "step", for what is no row of numbers
  Result<void> sync();                        // what was written is on the disk
  Result<void> close();                       // on the disk
  // The step of the last validation that was kept: a resumed run need not take it again.
  std::optional<std::int64_t> validated() const { return validated_; }

 private:
  Log(records::Writer out, std::optional<std::int64_t> validated) : out_(std::move(out)), validated_(validated) {}
  records::Writer out_;
  std::optional<std::int64_t> validated_;
};

}  // namespace rm::metrics
