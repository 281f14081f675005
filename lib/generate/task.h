// Requests that belong together because one thing comes of them: a judgment, a chain, a rubric.
//
// A task is plain state: it knows no files, threads or engines. Whoever drives it (generate/runner) asks next() for requests,
// hands every reply to take(), and reads the result once done(). Some tasks know all their requests at once, some choose the
// next by what came back, some are made of other tasks whose requests they number anew. One thread at a time.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/generate/generator.h"

namespace rm::generate {

class Task {
 public:
  virtual ~Task() = default;
  // Requests that can go out now, each once. Request::id is the task's own number for it; a reply must carry the same.
  // Empty: replies are awaited, or the task is done.
  virtual std::vector<Request> next() = 0;
  virtual void take(Reply reply) = 0;
  virtual bool done() const = 0;
  // Called once done(): the generator's name, which a server may not have told before its first reply.
  virtual void name_model(const std::string& name) = 0;

  // Text of the replies as it comes: the request's number, and complete characters. Set before the first next().
  std::function<void(std::uint64_t request, std::string_view text)> on_text;
  // Why nothing can come of it: set by the driver where a request could not be made (too_long), by the task where none of its
  // requests got a reply. The task gets nothing more.
  std::optional<Error> failed;
};

}  // namespace rm::generate
