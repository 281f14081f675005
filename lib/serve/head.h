// The head of an HTTP/1.x request, read strictly before anything acts on it.
//
// Whatever two readers could understand differently is refused: repeated lengths, bare line feeds, folded headers, lengths
// beside chunks. Header values are kept as they were sent. Pure; one pass; nothing is copied but the few headers that
// matter here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "lib/serve/options.h"

namespace rm::serve {

// Why a request is refused: an HTTP status and words for the client.
struct Refusal {
  int status = 0;
  std::string code;  // machine word
  std::string message;
};

struct Head {
  std::size_t bytes = 0;  // with the blank line
  std::string method, path, query;
  bool http_1_0 = false;
  bool keep_alive = true;
  bool chunked = false;
  bool expects_continue = false;
  std::uint64_t length = 0;  // of the body
  std::string host, origin, fetch_site, authorization, accept, content_type;
  bool has_host = false;

  bool accepts(std::string_view type) const;  // named in Accept, whatever its weight
  bool content_is(std::string_view type) const;
};

// A reader that is fed the same growing text again and again without scanning it twice.
class HeadReader {
 public:
  enum class State { kMore, kDone, kRefused };
  // `text` begins with the request; empty lines before it are skipped (clients used to send them).
  State read(std::string_view text, const Limits& limits);
  const Head& head() const { return head_; }           // with kDone
  const Refusal& refusal() const { return refusal_; }  // with kRefused
  void reset() { *this = {}; }

 private:
  State refuse(int status, const char* code, std::string message);
  State parse(std::string_view text, std::size_t begin, const Limits& limits);
  bool bad(int status, const char* code, std::string message);
  bool request_line(std::string_view line);
  bool header(std::string_view line);
  bool known_header(std::string_view name, std::string_view value);
  bool finish(const Limits& limits);

  std::size_t scanned_ = 0;
  Head head_;
  Refusal refusal_;
  bool has_length_ = false, has_encoding_ = false;
  unsigned seen_ = 0;  // which of the headers that must not repeat were there
};

}  // namespace rm::serve
