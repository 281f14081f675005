#include "lib/serve/head.h"

#include <algorithm>
#include <array>

#include "lib/base/number.h"

namespace rm::serve {
namespace {

bool is_token(char c) {
  if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) return true;
  return c != 0 && std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

bool is_token(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) { return is_token(c); });
}

bool is_noise(char c) {
  return (static_cast<unsigned char>(c) < 32 && c != '\r' && c != '\n' && c != '\t') || c == 127;
}

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool same_word(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](char x, char y) { return lower(x) == lower(y); });
}

std::string_view trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

// Whether a comma-separated list holds a word; what follows a semicolon is not looked at.
bool lists(std::string_view list, std::string_view word) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    const std::string_view item = list.substr(0, comma);
    if (same_word(trim(item.substr(0, item.find(';'))), word)) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

constexpr std::size_t kTarget = 4096;      // bytes of a request's path and query
constexpr std::size_t kHeaderLine = 8000;  // bytes of one header; the library behind reads no more

}  // namespace

bool Head::accepts(std::string_view type) const { return lists(accept, type); }

bool Head::content_is(std::string_view type) const {
  const std::string_view sent(content_type);
  return same_word(trim(sent.substr(0, sent.find(';'))), type);
}

HeadReader::State HeadReader::refuse(int status, const char* code, std::string message) {
  refusal_ = {status, code, std::move(message)};
  return State::kRefused;
}

HeadReader::State HeadReader::read(std::string_view text, const Limits& limits) {
  if (head_.bytes > 0) return State::kDone;
  std::size_t begin = 0;
  while (begin + 1 < text.size() && text[begin] == '\r' && text[begin + 1] == '\n' && begin < 8) begin += 2;
  const std::size_t from = std::max(begin, scanned_ > 3 ? scanned_ - 3 : 0);
  const std::size_t end = text.find("\r\n\r\n", from);
  const std::string_view fresh = text.substr(std::min(scanned_, text.size()));
  scanned_ = text.size();
  if ((end == std::string_view::npos ? text.size() : end) > limits.head_bytes)
    return refuse(431, "head_too_large",
                  "the request line and headers have more than " + std::to_string(limits.head_bytes) + " bytes");
  if (end == std::string_view::npos) {
    // What can be no HTTP at all (TLS, noise) is told so at once.
    const bool odd_start = text.size() > begin && text[begin] != '\r' && !is_token(text[begin]);
    if (odd_start || std::any_of(fresh.begin(), fresh.end(), is_noise))
      return refuse(400, "bad_request", "this is no HTTP request; the server speaks plain HTTP/1.1, no TLS");
    return State::kMore;
  }
  const State state = parse(text.substr(0, end + 2), begin, limits);
  if (state == State::kDone) head_.bytes = end + 4;
  return state;
}

HeadReader::State HeadReader::parse(std::string_view text, std::size_t begin, const Limits& limits) {
  std::size_t lines = 0;
  for (std::size_t at = begin; at < text.size();) {
    const std::size_t end = text.find("\r\n", at);
    const std::string_view line = text.substr(at, end - at);
    at = end + 2;
    for (const char c : line) {
      if ((static_cast<unsigned char>(c) < 32 && c != '\t') || c == 127)
        return refuse(400, "bad_request", "a control character stands in the request line or a header");
    }
    if (lines > 0 && line.size() > kHeaderLine)
      return refuse(431, "head_too_large", "a header has more than " + std::to_string(kHeaderLine) + " bytes");
    if (lines++ == 0) {
      if (!request_line(line)) return State::kRefused;
      continue;
    }
    if (lines > limits.head_lines + 1)
      return refuse(431, "head_too_large", "more than " + std::to_string(limits.head_lines) + " headers");
    if (!header(line)) return State::kRefused;
  }
  return finish(limits) ? State::kDone : State::kRefused;
}

// As refuse(), for the readers of a part.
bool HeadReader::bad(int status, const char* code, std::string message) {
  refuse(status, code, std::move(message));
  return false;
}

bool HeadReader::request_line(std::string_view line) {
  const std::size_t a = line.find(' '), b = line.rfind(' ');
  if (a == std::string_view::npos || a == b) return bad(400, "bad_request", "expected METHOD PATH HTTP/1.1");
  const std::string_view method = line.substr(0, a), target = line.substr(a + 1, b - a - 1);
  const std::string_view version = line.substr(b + 1);
  if (!is_token(method) || target.find(' ') != std::string_view::npos)
    return bad(400, "bad_request", "expected METHOD PATH HTTP/1.1");
  if (version != "HTTP/1.1" && version != "HTTP/1.0")
    return bad(505, "bad_version", "the server speaks HTTP/1.1 and HTTP/1.0");
  if (target.empty() || target.front() != '/') return bad(400, "bad_request", "the path must begin with /");
  if (target.size() > kTarget)
    return bad(414, "target_too_long", "path and query have more than " + std::to_string(kTarget) + " bytes");
  head_.http_1_0 = version == "HTTP/1.0";
  head_.keep_alive = !head_.http_1_0;
  head_.method = method;
  const std::size_t mark = target.find('?');
  head_.path = target.substr(0, mark);
  if (mark != std::string_view::npos) head_.query = target.substr(mark + 1);
  return true;
}

bool HeadReader::header(std::string_view line) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_token(line.substr(0, colon))) {
    refuse(400, "bad_header", "a header line is not NAME: VALUE (or is folded)");
    return false;
  }
  return known_header(line.substr(0, colon), trim(line.substr(colon + 1)));
}

bool HeadReader::known_header(std::string_view name, std::string_view value) {
  enum Known {
    kHost,
    kLength,
    kTransfer,
    kAuthorization,
    kType,
    kOrigin,
    kConnection,
    kExpect,
    kAccept,
    kEncoding,
    kSite
  };
  static constexpr std::array<std::string_view, 11> kKnown{
      "host",   "content-length", "transfer-encoding", "authorization", "content-type", "origin", "connection",
      "expect", "accept",         "content-encoding",  "sec-fetch-site"};
  std::size_t i = 0;
  while (i < kKnown.size() && !same_word(name, kKnown[i])) ++i;
  if (i == kKnown.size()) return true;
  const bool repeated = (seen_ >> i & 1u) != 0;
  seen_ |= 1u << i;
  if (repeated && i != kConnection && i != kAccept)
    return bad(400, "repeated_header", std::string(kKnown[i]) + " is given twice");
  switch (i) {
    case kHost:
      head_.host = value, head_.has_host = true;
      break;
    case kLength: {
      const auto n = parse_unsigned(value);
      if (!n || value.front() < '0' || value.front() > '9')
        return bad(400, "bad_length", "Content-Length is not a number");
      head_.length = *n, has_length_ = true;
      break;
    }
    case kTransfer:
      if (!same_word(value, "chunked"))
        return bad(501, "bad_encoding", "the only Transfer-Encoding understood is chunked");
      head_.chunked = true;
      break;
    case kAuthorization:
      head_.authorization = value;
      break;
    case kType:
      head_.content_type = value;
      break;
    case kOrigin:
      head_.origin = value;
      break;
    case kConnection:
      if (lists(value, "close"))
        head_.keep_alive = false;
      else if (head_.http_1_0 && lists(value, "keep-alive"))
        head_.keep_alive = true;
      break;
    case kExpect:
      if (!same_word(value, "100-continue"))
        return bad(417, "bad_expectation", "the only expectation understood is 100-continue");
      head_.expects_continue = true;
      break;
    case kAccept:
      head_.accept += head_.accept.empty() ? std::string(value) : "," + std::string(value);
      break;
    case kEncoding:
      has_encoding_ = !same_word(value, "identity");
      break;
    default:
      head_.fetch_site = value;
      break;
  }
  return true;
}

bool HeadReader::finish(const Limits& limits) {
  const bool with_body = has_length_ || head_.chunked;
  const bool needs_body = head_.method == "POST" || head_.method == "PUT" || head_.method == "PATCH";
  if (!head_.has_host && !head_.http_1_0) {
    refuse(400, "no_host", "an HTTP/1.1 request names its Host");
  } else if (has_length_ && head_.chunked) {
    refuse(400, "bad_length", "Content-Length and Transfer-Encoding exclude each other");
  } else if (head_.chunked && head_.http_1_0) {
    refuse(400, "bad_encoding", "HTTP/1.0 has no chunks");
  } else if (needs_body && !with_body) {
    refuse(411, "no_length", "a " + head_.method + " request needs Content-Length or chunks");
  } else if (!needs_body && (head_.length > 0 || head_.chunked)) {
    refuse(400, "unexpected_body", "a " + head_.method + " request has no body here");
  } else if (has_encoding_) {
    refuse(415, "compressed", "compressed bodies are not read; send the JSON as it is");
  } else if (head_.length > limits.body_bytes) {
    refuse(413, "too_large",
           "the body has " + format_grouped(head_.length) + " bytes; at most " + format_grouped(limits.body_bytes) +
               " are read. Send the records in parts.");
  } else {
    return true;
  }
  return false;
}

}  // namespace rm::serve
