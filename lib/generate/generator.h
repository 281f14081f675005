// Whatever turns a conversation into a reply: the local engine, an endpoint, a batch file, a script in tests.
//
// Pull model, one thread: submit() queues, wait() works until at least one reply is complete and calls on_text on the
// way. A Generator owns its requests until their replies are handed out. Order of replies is not the order of requests.
// Only nudge() may be called from another thread.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/text/chat.h"

namespace rm::generate {

using text::Message;

struct Request {
  std::uint64_t id = 0;  // the caller's; comes back in the Reply
  std::vector<Message> messages;
  std::string raw_prompt;  // non-empty: a prompt already rendered (context_messages); messages unused
  double temperature = 0, top_p = 1;
  std::int64_t max_tokens = 0;  // 0: 8,192 or what the context leaves
  std::uint64_t seed = 0;
  bool logprobs = false;              // fill Reply::letters
  std::optional<std::string> forced;  // teacher forcing: the reply's text is given, only log-probabilities are wanted
  std::string prefill;                // the reply begins with this text, and goes on from there; part of Reply::text
  std::function<void(std::string_view)> on_text;  // complete characters as they come
};

enum class FinishReason { kStop, kLength, kCancelled, kError };
const char* name(FinishReason r);  // "stop", "length", ...

// A place in the reply where the model wrote a single letter token A or B (or one whose text holds exactly that letter):
// log-probabilities of that token and of its twin with the other letter.
struct LetterProb {
  std::size_t byte = 0;  // offset of the letter in Reply::text
  double logprob_a = 0, logprob_b = 0;
};

struct Reply {
  std::uint64_t id = 0;
  std::string text;  // content; valid UTF-8; special tokens left out
  std::string
      reasoning;  // reasoning_content of endpoints that part it; empty for local models (their <think> is in text)
  FinishReason finish = FinishReason::kStop;
  std::int64_t prompt_tokens = 0, completion_tokens = 0;
  std::vector<LetterProb> letters;
  std::int64_t top1_tokens = 0;  // local models: how many tokens were the most likely ones (with `forced`: agreement)
  double logprob = 0;            // local models: sum over the reply's tokens, at temperature 1
  std::optional<Error> error;    // set with kError
};

struct Tokenized {
  std::string text;  // as rendered, special tokens visible
  std::vector<std::int32_t> ids;
};

class Generator {
 public:
  virtual ~Generator() = default;
  virtual std::string model_name() const = 0;  // for judgment.model
  virtual std::size_t capacity() const = 0;    // how many requests are worth having in flight
  virtual std::int64_t context() const = 0;    // tokens; 0: unknown (endpoints)
  virtual bool reasoning_model() const = 0;    // chooses the default --form
  // Error: this request cannot be done ("too_long", "bad_messages"); the generator stays usable.
  virtual Result<void> submit(Request r) = 0;
  virtual std::size_t in_flight() const = 0;
  // Works until a reply is complete; empty when nothing is in flight, a stop was requested or somebody nudged. An Error here
  // is fatal.
  virtual Result<std::vector<Reply>> wait() = 0;
  // Makes the present or the next wait() return soon, with what there is. Safe from any thread.
  virtual void nudge() = 0;
  virtual void cancel(std::uint64_t id) = 0;  // no reply comes for it any more; an unknown id is ignored
  virtual void cancel_all() = 0;
  // The rendered prompt, where the generator knows it (--show-prompt, --dry-run). Exit::kUsage when it does not.
  virtual Result<Tokenized> show(const Request& r) const = 0;
};

}  // namespace rm::generate
