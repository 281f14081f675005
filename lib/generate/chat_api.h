// The OpenAI chat completions format: the body of a request, the completion that answers it, whole or as a stream.
//
// Pure: no I/O, no clock. All that a server sends is untrusted: texts come out as valid UTF-8, numbers are checked, words
// meant for people are escaped and cut. Bounding the bytes is the caller's business. One thread an object.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/generate/generator.h"

namespace rm::generate {

// The JSON body of POST {base}/chat/completions. A prefill goes as a last assistant message that is to be continued (vLLM,
// SGLang). Seeds are cut to 53 bits, which every JSON reader holds. Error (Exit::kInput, reason "unsupported") for a
// rendered prompt and for forced text, which this format cannot carry.
Result<std::string> chat_body(const Request& r, std::string_view model, bool stream);

Result<void> chat_supports(const Request& r);  // the same refusals, without the body
Result<Tokenized> chat_as_text(
    const Request& r);  // "role: content" lines for people; no ids, the server renders the prompt

// "a, b, c, and 7 more": names as a server listed them, escaped; "none".
std::string list_models(const std::vector<std::string>& ids);

// What a completion says, without the id. Reply::text begins with the request's prefill. Errors (Exit::kInput): "bad_reply"
// when it is no completion (worth another try), "too_long" and "content_filter" where the server says so.
Result<Reply> read_completion(const json::Value& body, const Request& r);

// As above from text; broken UTF-8 in it is repaired.
Result<Reply> read_completion(json::Document& doc, std::string_view body, const Request& r);

// The ids of GET {base}/models, in order; "bad_reply" when it is no such list.
Result<std::vector<std::string>> read_models(json::Document& doc, std::string_view body);

// What the body of a refusal says: error.message, message, detail, or its first bytes; one line, escaped, cut. And its
// machine word (error.code or error.type), lower case, or empty.
struct ServerWords {
  std::string message, code;
};
ServerWords server_words(json::Document& doc, std::string_view body);
bool about_length(const ServerWords& w);  // the prompt does not fit the model's context
bool about_model(const ServerWords& w);   // there is no such model

// Letters with their probabilities, from the token list of `logprobs`: places where a token is a lone letter A or B and its
// twin is among the likeliest tokens too. Tokens are laid over the text to find their bytes; those outside are left out.
class LetterFinder {
 public:
  void add(const json::Value& logprobs);  // the "logprobs" of one choice, or of one piece of a stream
  std::vector<LetterProb> letters(std::string_view text, std::size_t text_begins) const;

 private:
  void add_token(const json::Value& token);
  std::string joined_;
  std::vector<LetterProb> found_;  // bytes of joined_
};

// Server-sent events of one completion, pushed in pieces cut anywhere. A server that answers a stream request with a plain
// JSON body is understood too.
class CompletionStream {
 public:
  explicit CompletionStream(const Request& r) : request_(r) {}  // borrows the request

  // Calls on_text with the whole characters that came. Error "bad_reply", or the server's own error event.
  Result<void> push(std::string_view bytes, const std::function<void(std::string_view)>& on_text);
  // Once the body has ended: the reply, or "bad_reply" when it ended before the completion did.
  Result<Reply> finish();

 private:
  Result<void> line(std::string_view line, std::string& fresh);
  Result<void> event(std::string_view data, std::string& fresh);

  const Request& request_;
  json::Document doc_;
  enum class Mode { kUnknown, kEvents, kPlain } mode_ = Mode::kUnknown;
  std::string pending_;  // an unfinished line, or the plain body
  Reply reply_;
  LetterFinder letters_;
  std::string finish_reason_;
  bool done_ = false;
};

}  // namespace rm::generate
