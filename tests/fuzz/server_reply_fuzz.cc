// Fuzzes what reads a server's bytes: a whole completion, a stream of events cut into pieces, a list of models, a refusal.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "lib/generate/chat_api.h"
#include "lib/generate/retry.h"
#include "lib/text/utf8.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

void check(const rm::Result<rm::generate::Reply>& reply) {
  if (!reply) return;
  require(rm::text::valid_utf8(reply->text) && rm::text::valid_utf8(reply->reasoning));
  require(reply->prompt_tokens >= 0 && reply->completion_tokens >= 0);
  for (const rm::generate::LetterProb& l : reply->letters) {
    require(l.byte < reply->text.size() && (reply->text[l.byte] == 'A' || reply->text[l.byte] == 'B'));
    require(l.logprob_a <= 0 && l.logprob_b <= 0);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rm::generate;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  Request r;
  r.logprobs = true;
  r.prefill = "So";
  rm::json::Document doc;
  check(read_completion(doc, bytes, r));
  const ServerWords words = server_words(doc, bytes);
  require(rm::text::valid_utf8(words.message) && words.message.find('\n') == std::string::npos);
  (void)action_for(400, words);
  (void)read_models(doc, bytes);
  (void)retry_after(bytes, 0);
  std::string shown;
  CompletionStream stream(r);
  const std::size_t piece = size > 0 ? 1 + data[0] % 16 : 1;
  for (std::size_t at = 0; at < size; at += piece) {
    if (!stream.push(bytes.substr(at, piece), [&shown](std::string_view t) { shown += t; })) return 0;
  }
  const auto reply = stream.finish();
  check(reply);
  if (reply) require(shown.empty() || reply->text.starts_with("So" + shown));
  return 0;
}
