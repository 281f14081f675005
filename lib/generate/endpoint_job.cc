#include "lib/generate/endpoint_job.h"

namespace rm::generate {

void Job::begin_stream() {
  stream = std::make_unique<CompletionStream>(request);
  stream_error.reset();
  attempt_.clear();
  behind_ = !shown_.empty();
}

bool Job::push(std::string_view bytes) {
  const auto shown = [this](std::string_view fresh) { show(fresh); };
  if (auto pushed = stream->push(bytes, shown); !pushed) stream_error = pushed.error();
  return !stream_error;
}

Result<Reply> Job::finish_stream() {
  if (stream_error) return *stream_error;
  return stream->finish();
}

void Job::show(std::string_view fresh) {
  if (!request.on_text || fresh.empty()) return;
  if (!behind_) {
    shown_ += fresh;
    return request.on_text(fresh);
  }
  attempt_ += fresh;
  const bool other = !attempt_.starts_with(std::string_view(shown_).substr(0, attempt_.size()));
  if (!other && attempt_.size() <= shown_.size()) return;
  request.on_text(other ? "\n" + attempt_ : attempt_.substr(shown_.size()));
  shown_ = std::move(attempt_);
  attempt_.clear();
  behind_ = false;
}

void Job::show_rest(std::string_view content) {
  if (!request.on_text || content == shown_) return;
  if (content.starts_with(shown_)) return request.on_text(content.substr(shown_.size()));
  request.on_text("\n" + std::string(content));
}

}  // namespace rm::generate
