// One request on its way through an endpoint: how often it failed, where it is, and what of its reply was shown.
//
// Plain data of one thread. Text is shown once: where a stream broke off and begins anew, what was shown already is not
// repeated, and where the new text is another, it begins on a new line.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "lib/generate/chat_api.h"
#include "lib/generate/servers.h"

namespace rm::generate {

struct Job {
  Request request;
  Prefix prefix;
  int failures = 0;
  std::optional<std::size_t> server;  // while in flight
  std::optional<std::size_t> last;    // where it was before; others are tried first

  std::unique_ptr<CompletionStream> stream;
  std::optional<Error> stream_error;

  void begin_stream();                // a new attempt
  bool push(std::string_view bytes);  // false: the stream makes no sense
  Result<Reply> finish_stream();
  void show(std::string_view fresh);         // more text of this attempt
  void show_rest(std::string_view content);  // the whole text of the reply, which is complete

 private:
  std::string shown_, attempt_;
  bool behind_ = false;  // this attempt has not yet said more than was shown
};

}  // namespace rm::generate
