// Where connections wait until they have said something complete.
//
// One thread accepts, reads heads and small bodies as they trickle in, and hands a connection to a worker only when a request
// can be answered at once: a client that is slow, silent or talks nonsense costs a descriptor and a buffer, never a worker.
// Between requests connections come back. What is refused here (size, form, time) is answered here.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "lib/serve/connection.h"

namespace rm::serve {

class Lobby {
 public:
  struct Hooks {
    std::function<void(std::unique_ptr<Connection>)> ready;  // called from the lobby's thread; must not wait
    std::function<void(const Refusal&)> refused;             // for counting and logging
  };
  // `listener` is a listening socket, not owned; it must outlive the lobby.
  Lobby(int listener, const Limits& limits, Hooks hooks);
  ~Lobby();
  Lobby(const Lobby&) = delete;
  Lobby& operator=(const Lobby&) = delete;

  Result<void> start();
  void give_back(std::unique_ptr<Connection> c);  // for its next request
  void farewell(std::unique_ptr<Connection> c);   // the reply is sent: lets the client read it, then closes
  void close_idle();                              // accepts no more and closes whoever is between requests
  void stop();                                    // closes everything and ends the thread

  std::size_t open() const { return open_.load(); }  // connections, those with workers too

 private:
  struct Guest {
    std::unique_ptr<Connection> connection;
    bool leaving = false;  // only waits for the client to close
  };
  void run();
  void accept_some();
  void take_returned();
  void heard(int fd);
  bool advance(Guest& guest);  // false: the guest has left the lobby
  void refuse(Guest& guest, const Refusal& r);
  void watch(int fd, bool known);
  void drop(int fd);
  void expire();
  bool make_room();
  void wake();

  int listener_, epoll_ = -1, wake_ = -1;
  const Limits& limits_;
  Hooks hooks_;
  std::unordered_map<int, Guest> guests_;  // by descriptor; the lobby's thread alone
  std::atomic<std::size_t> open_{0};
  std::atomic<bool> closing_{false}, stopped_{false};
  std::mutex mutex_;
  std::vector<Guest> returned_;
  std::thread thread_;
};

}  // namespace rm::serve
