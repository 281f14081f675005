// One client's socket with what has been read from it: a httplib stream on which nothing waits for ever.
//
// Reads stop at the end of the request that was announced and at the time allowed for its body; writes stop when the client
// takes nothing for a while. Non-blocking throughout; never raises SIGPIPE. One owner at a time: the lobby between requests,
// a worker during one.
#pragma once

#include <httplib.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "lib/serve/head.h"
#include "lib/serve/options.h"

namespace rm::serve {

using Clock = std::chrono::steady_clock;

class Connection final : public httplib::Stream {
 public:
  Connection(int fd, const Limits& limits) : fd_(fd), limits_(limits) {}
  ~Connection() override;
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Before a request: takes what has come without waiting.
  enum class Got { kSome, kNothing, kEnd };
  Got fill();
  HeadReader::State read_head();
  const Head& head() const { return reader_.head(); }
  const Refusal& refusal() const { return reader_.refusal(); }
  // Whether all of the body has come, or as much as is read before a worker takes over. Invites it where the client waits.
  bool body_is_here();
  bool empty() const { return in_.empty(); }
  Clock::time_point since{};  // when the present wait began: for the first byte, or for the rest of a head

  // During a request, from the worker.
  void begin_body();  // starts the clock
  bool body_was_read() const { return !head().chunked && taken_ == request_bytes(); }
  bool too_large() const { return too_large_; }
  bool timed_out() const { return timed_out_; }
  bool no_room() const { return no_room_; }
  bool write_failed() const { return write_failed_; }
  std::size_t body_bytes() const { return taken_ - std::min(taken_, head().bytes); }
  // Asked for every piece of a body whose length is not known; false ends it.
  void set_charge(std::function<bool(std::size_t)> charge) { charge_ = std::move(charge); }
  void next_request();  // forgets the present one; bytes that came behind it stay

  // Whether the client has gone for good, as far as can be told now. One that has only closed its sending half still reads;
  // `ask` sends it something once, for a closed socket answers that with a reset. It returns false where it could not.
  bool gone(const std::function<bool()>& ask);
  bool send_interim();  // "100 Continue": what can be sent before a reply has begun

  // A whole small response outside of httplib, then the end of what we send. Waits for nothing.
  void refuse(const Refusal& r, std::string_view extra_headers = {});
  void end_sending();
  bool discard();  // reads and forgets what is there; false at the end of the input

  bool is_readable() const override { return true; }
  bool is_writable() const override;
  ssize_t read(char* to, std::size_t size) override;
  ssize_t write(const char* from, std::size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override { ip.clear(), port = 0; }
  void get_local_ip_and_port(std::string& ip, int& port) const override { ip.clear(), port = 0; }
  socket_t socket() const override { return fd_; }

 private:
  std::size_t request_bytes() const { return head().bytes + static_cast<std::size_t>(head().length); }
  Clock::time_point body_deadline() const;
  ssize_t hand_out(std::size_t n);

  int fd_;
  const Limits& limits_;
  HeadReader reader_;
  std::string in_;         // read ahead
  std::size_t at_ = 0;     // of in_, handed to httplib
  std::size_t taken_ = 0;  // of the request, handed to httplib
  Clock::time_point body_began_{};
  std::function<bool(std::size_t)> charge_;
  bool too_large_ = false, timed_out_ = false, no_room_ = false, write_failed_ = false, asked_ = false,
       invited_ = false;
};

// A JSON body {"error": {"code", "message"}}.
std::string error_body(std::string_view code, std::string_view message);

}  // namespace rm::serve
