// The HTTP front: httplib reads requests, finds routes and writes replies; who talks to it when is decided here.
//
// httplib's own loop gives every open connection a thread, waits for slow ones without end and stops listening at the first
// odd error of accept(); so its socket goes to the lobby, and a request reaches httplib's parser on a worker only once it is
// complete, well-formed and allowed. Handlers are added with Get and Post before start().
#pragma once

#include <httplib.h>

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "lib/serve/gate.h"
#include "lib/serve/lobby.h"
#include "lib/serve/workers.h"

namespace rm::serve {

class Front final : public httplib::Server {
 public:
  // Called for every request that was answered: route (or "other"), status, seconds.
  using Seen = std::function<void(const Head& head, int status, double seconds)>;
  Front(const serve::Options& o, Seen seen);
  ~Front() override;

  // The methods of a path, "GET, HEAD", or empty where there is no such path; before start().
  void set_allowed(std::function<std::string(std::string_view path)> allowed) { allowed_ = std::move(allowed); }

  // Exit::kIo where the address is taken or not this machine's.
  Result<void> start();
  int port() const { return port_; }
  std::size_t connections() const { return lobby_ ? lobby_->open() : 0; }
  // No new connections; requests that run may end within `at_most`. False: some had to be cut.
  bool drain(std::chrono::milliseconds at_most);
  void stop();

  // The connection whose request the calling thread is answering.
  static Connection& current();

 private:
  // A long body's share of what may be in memory and of the threads that may wait for bodies. Short ones are bounded by the
  // number of connections, and never refused for the sake of long ones.
  class Room {
   public:
    Room(Front& front, const Head& head);
    ~Room();
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;
    explicit operator bool() const { return fits_; }
    bool grow(std::size_t bytes);  // more of a body whose length was not known; false: no more fits

   private:
    Front& front_;
    std::size_t bytes_;
    int long_;
    bool fits_ = false;
  };

  bool process_and_close_socket(socket_t) override { return false; }  // httplib's loop is not used
  Result<void> listen_here();
  void answer(std::unique_ptr<Connection> c);
  bool answer_one(Connection& c);  // true: the connection can go on
  void tidy(httplib::Request& request, const Head& head) const;
  void refuse(Connection& c, const Refusal& r);

  const serve::Options& options_;  // httplib::Server has an Options of its own
  Seen seen_;
  std::function<std::string(std::string_view)> allowed_;
  int port_ = 0;
  std::atomic<bool> draining_{false};
  std::atomic<std::size_t> bodies_{0};
  std::atomic<int> long_bodies_{0};
  std::unique_ptr<Workers> workers_;
  std::unique_ptr<Lobby> lobby_;
};

}  // namespace rm::serve
