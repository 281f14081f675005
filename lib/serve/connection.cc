#include "lib/serve/connection.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "lib/base/json.h"

namespace rm::serve {
namespace {

constexpr std::size_t kBlock = 64u << 10;
constexpr std::size_t kBytesPerSecond = 256u << 10;  // the slowest body that is still read

int milliseconds_to(Clock::time_point t) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(t - Clock::now()).count();
  return static_cast<int>(std::clamp<long long>(left + 1, 0, 3'600'000));
}

// Whether the descriptor has become ready; hang-ups count as ready, so that the next call on it tells.
bool ready(int fd, short events, int wait_ms) {
  pollfd p{fd, events, 0};
  int n = 0;
  do {
    n = ::poll(&p, 1, wait_ms);
  } while (n < 0 && errno == EINTR);
  return n > 0;
}

const char* reason(int status) {
  switch (status) {
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 408:
      return "Request Timeout";
    case 411:
      return "Length Required";
    case 413:
      return "Payload Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 431:
      return "Request Header Fields Too Large";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    case 505:
      return "HTTP Version Not Supported";
    default:
      return "Bad Request";
  }
}

bool again(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

std::string error_body(std::string_view code, std::string_view message) {
  std::string out;
  json::Writer w(out);
  w.begin_object().key("error").begin_object();
  w.member("code", code).member("message", message).end_object().end_object();
  out += '\n';
  return out;
}

Connection::~Connection() { ::close(fd_); }

Connection::Got Connection::fill() {
  char block[16 << 10];
  const ssize_t n = ::recv(fd_, block, sizeof block, MSG_DONTWAIT);
  if (n > 0) {
    in_.append(block, static_cast<std::size_t>(n));
    return Got::kSome;
  }
  return n < 0 && again(errno) ? Got::kNothing : Got::kEnd;
}

HeadReader::State Connection::read_head() { return reader_.read(in_, limits_); }

bool Connection::body_is_here() {
  if (head().expects_continue && !invited_ && in_.size() == head().bytes) send_interim();
  invited_ = true;
  if (head().chunked || head().length > limits_.early_body_bytes) return true;
  return in_.size() >= request_bytes();
}

bool Connection::send_interim() {
  if (head().http_1_0) return true;  // knows no interim replies
  constexpr std::string_view kInterim = "HTTP/1.1 100 Continue\r\n\r\n";
  return ::send(fd_, kInterim.data(), kInterim.size(), MSG_DONTWAIT | MSG_NOSIGNAL) > 0;
}

void Connection::begin_body() {
  body_began_ = Clock::now();
  taken_ = at_ = 0;
  too_large_ = timed_out_ = no_room_ = write_failed_ = asked_ = false;
}

void Connection::next_request() {
  in_.erase(0, at_);
  if (in_.empty() && in_.capacity() > kBlock) in_.shrink_to_fit();
  reader_.reset();
  invited_ = false;
  taken_ = at_ = 0;
}

Clock::time_point Connection::body_deadline() const {
  return body_began_ + limits_.body_time + std::chrono::seconds(taken_ / kBytesPerSecond);
}

ssize_t Connection::hand_out(std::size_t n) {
  taken_ += n;
  const bool charged = head().chunked && charge_ && taken_ > head().bytes;
  if (charged && !charge_(n)) return no_room_ = true, -1;
  return static_cast<ssize_t>(n);
}

ssize_t Connection::read(char* to, std::size_t size) {
  if (head().chunked) {
    // Marks between the chunks count as well, so a body of many small ones is bounded too.
    if (body_bytes() > limits_.body_bytes + limits_.body_bytes / 8) return too_large_ = true, -1;
  } else {
    size = std::min(size, request_bytes() - std::min(taken_, request_bytes()));
  }
  if (size == 0) return 0;
  if (at_ < in_.size()) {
    const std::size_t n = std::min(size, in_.size() - at_);
    std::memcpy(to, in_.data() + at_, n);
    at_ += n;
    return hand_out(n);
  }
  in_.clear();
  at_ = 0;
  for (;;) {
    // Single bytes are asked for when lines are read (chunk sizes): read ahead for those.
    if (size < 64) {
      const Got got = fill();
      if (got == Got::kSome) return read(to, size);
      if (got == Got::kEnd) return -1;
    } else {
      const ssize_t n = ::recv(fd_, to, size, MSG_DONTWAIT);
      if (n > 0) {
        return hand_out(static_cast<std::size_t>(n));
      }
      if (n == 0 || !again(errno)) return -1;
    }
    if (Clock::now() >= body_deadline() || !ready(fd_, POLLIN, milliseconds_to(body_deadline())))
      return timed_out_ = true, -1;
  }
}

bool Connection::is_writable() const {
  pollfd p{fd_, POLLOUT, 0};
  return !write_failed_ && ::poll(&p, 1, 0) >= 0 && (p.revents & (POLLERR | POLLHUP)) == 0;
}

ssize_t Connection::write(const char* from, std::size_t size) {
  const auto deadline = Clock::now() + limits_.write_time;
  while (!write_failed_) {
    const ssize_t n = ::send(fd_, from, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n >= 0) return n;
    if (!again(errno)) break;
    if (Clock::now() >= deadline || !ready(fd_, POLLOUT, milliseconds_to(deadline))) break;
  }
  write_failed_ = true;
  return -1;
}

bool Connection::gone(const std::function<bool()>& ask) {
  pollfd p{fd_, POLLRDHUP, 0};
  if (write_failed_ || ::poll(&p, 1, 0) < 0) return true;
  if ((p.revents & (POLLERR | POLLHUP)) != 0) return true;
  if ((p.revents & POLLRDHUP) == 0 || asked_) return false;
  asked_ = true;
  return !ask();
}

void Connection::refuse(const Refusal& r, std::string_view extra_headers) {
  const std::string body = error_body(r.code, r.message);
  std::string out =
      "HTTP/1.1 " + std::to_string(r.status) + " " + reason(r.status) + "\r\nContent-Type: application/json\r\n";
  out.append(extra_headers);
  out += "Connection: close\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  if (::send(fd_, out.data(), out.size(), MSG_DONTWAIT | MSG_NOSIGNAL) < 0) write_failed_ = true;
  end_sending();
}

void Connection::end_sending() { ::shutdown(fd_, SHUT_WR); }

bool Connection::discard() {
  char block[16 << 10];
  for (int i = 0; i < 16; ++i) {
    const ssize_t n = ::recv(fd_, block, sizeof block, MSG_DONTWAIT);
    if (n > 0) continue;
    return n < 0 && again(errno);
  }
  return true;
}

}  // namespace rm::serve
