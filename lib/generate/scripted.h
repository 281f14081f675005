// A Generator that answers from a function instead of a model: loops over replies are tested with it, and nothing else.
//
// Replies complete in an order of the test's choosing, so code that leans on request order fails here first.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "lib/generate/generator.h"

namespace rm::generate {

struct Script {
  std::function<Reply(const Request&)> answer;  // id and token counts are filled in afterwards
  std::size_t capacity = 4;
  std::int64_t context = 0;   // > 0: prompts of more bytes are "too_long"; a byte counts as a token
  bool newest_first = false;  // replies come in the reverse order of submission
  bool reasoning = false;
  std::function<void(std::size_t)> on_wait;  // called with the number of replies given so far, before each wait
  std::int64_t fail_after = -1;              // wait() fails for good (Exit::kResources) after so many replies
};

// What the script saw; shared with the test.
struct ScriptLog {
  std::size_t submitted = 0, answered = 0, most_in_flight = 0, cancelled = 0;
  std::vector<Request> requests;
};

std::unique_ptr<Generator> scripted(Script script, std::shared_ptr<ScriptLog> log = nullptr);

// A reply that ends in the given verdict, as a model would write it.
Reply verdict_reply(char letter);

}  // namespace rm::generate
