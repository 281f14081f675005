// The metrics of a run as event files, which TensorBoard draws while the run goes on.
//
// A file is a row of records (length, masked CRC-32C of the length, bytes, masked CRC-32C of the bytes: TensorFlow's TFRecord
// guide), each an Event message (tensorflow/core/util/event.proto and framework/summary.proto) in protocol buffers' wire
// format. The first says "brain.Event:2". A run that goes on begins a file of its own with a SessionLog of status START:
// readers then forget what other files of the folder said of its step and later ones (TensorBoard's fast loader does so tag by
// tag, when the tag is told again). A new run in the folder of an old one makes them forget all of it. Each record is with the
// system when write() returns. One thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/base/append_file.h"
#include "lib/base/result.h"
#include "lib/metrics/record.h"

namespace rm::metrics {

// "loss" -> "train/loss", "val_loss" -> "val/loss".
std::string tensorboard_tag(std::string_view name);

// The bytes of the events, without their frames; `seconds` since 1970.
std::string version_event(double seconds);
std::string start_event(double seconds, std::int64_t step);
std::string scalars_event(double seconds,
                          const Record& r);  // values as 32-bit floats; NaN and infinities stay what they are
// A record of the file.
std::string framed(std::string_view event);

class EventFile {
 public:
  // A new file in `folder`, which is made where it is missing; its name sorts behind those of the files there. `resumed`: how
  // many steps of the earlier files stay. Exit::kIo.
  static Result<EventFile> open(const std::string& folder, std::optional<std::int64_t> resumed = std::nullopt);

  Result<void> write(const Record& r);
  Result<void> sync() { return file_.sync(); }  // what was written is on the disk
  Result<void> close();                         // on the disk
  const std::string& path() const { return path_; }

 private:
  EventFile(std::string path, AppendFile file) : path_(std::move(path)), file_(std::move(file)) {}
  std::string path_;
  AppendFile file_;
};

}  // namespace rm::metrics
