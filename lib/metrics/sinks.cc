#include "lib/metrics/sinks.h"

namespace rm::metrics {

Result<Sinks> Sinks::open(const SinkOptions& o) {
  Sinks out;
  if (!o.file.empty()) {
    RM_ASSIGN(out.log_, Log::open(o.file, o.resumed));
  }
  if (!o.tensorboard.empty()) {
    RM_ASSIGN(out.events_, EventFile::open(o.tensorboard, o.resumed));
  }
  return out;
}

Result<void> Sinks::write(const Record& r) {
  if (log_) RM_TRY(log_->write(r));
  return events_ ? events_->write(r) : Result<void>();
}

Result<void> Sinks::sync() {
  if (log_) RM_TRY(log_->sync());
  return events_ ? events_->sync() : Result<void>();
}

Result<void> Sinks::close() {
  if (log_) RM_TRY(log_->close());
  return events_ ? events_->close() : Result<void>();
}

}  // namespace rm::metrics
