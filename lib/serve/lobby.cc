#include "lib/serve/lobby.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "lib/base/fd.h"

namespace rm::serve {
namespace {

constexpr int kTickMs = 200;
constexpr std::chrono::milliseconds kFarewell{2000};  // for a client to read a refusal and close

}  // namespace

Lobby::Lobby(int listener, const Limits& limits, Hooks hooks)
    : listener_(listener), limits_(limits), hooks_(std::move(hooks)) {}

Lobby::~Lobby() {
  stop();
  if (epoll_ >= 0) ::close(epoll_);
  if (wake_ >= 0) ::close(wake_);
}

Result<void> Lobby::start() {
  epoll_ = ::epoll_create1(EPOLL_CLOEXEC);
  wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (epoll_ < 0 || wake_ < 0) return fd::system_error(Exit::kResources, errno, "cannot wait for connections", "");
  for (const int fd : {listener_, wake_}) {
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.fd = fd;
    if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &e) != 0)
      return fd::system_error(Exit::kResources, errno, "cannot wait for connections", "");
  }
  thread_ = std::thread([this] { run(); });
  return {};
}

void Lobby::wake() {
  const std::uint64_t one = 1;
  if (::write(wake_, &one, sizeof one) < 0) return;  // already awake
}

void Lobby::give_back(std::unique_ptr<Connection> c) {
  c->next_request();
  {
    const std::lock_guard lock(mutex_);
    returned_.push_back({std::move(c), closing_.load()});
  }
  wake();
}

void Lobby::farewell(std::unique_ptr<Connection> c) {
  c->end_sending();
  {
    const std::lock_guard lock(mutex_);
    returned_.push_back({std::move(c), true});
  }
  wake();
}

void Lobby::close_idle() {
  closing_ = true;
  wake();
}

void Lobby::stop() {
  stopped_ = true;
  if (!thread_.joinable()) return;
  wake();
  thread_.join();
  const std::lock_guard lock(mutex_);
  returned_.clear();
  guests_.clear();
}

void Lobby::run() {
  std::array<epoll_event, 64> events{};
  auto next_tick = Clock::now();
  bool accepting = true;
  while (!stopped_) {
    const int n = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), kTickMs);
    if (closing_ && accepting) {
      accepting = false;
      ::epoll_ctl(epoll_, EPOLL_CTL_DEL, listener_, nullptr);
      std::vector<int> idle;
      for (const auto& [fd, guest] : guests_) {
        if (!guest.leaving && guest.connection->empty()) idle.push_back(fd);
      }
      for (const int fd : idle) drop(fd);
    }
    for (int i = 0; i < n; ++i) {
      const int fd = events[static_cast<std::size_t>(i)].data.fd;
      if (fd == wake_) {
        std::uint64_t count = 0;
        if (::read(wake_, &count, sizeof count) < 0) continue;
      } else if (fd == listener_) {
        if (accepting) accept_some();
      } else {
        heard(fd);
      }
    }
    take_returned();
    if (const auto now = Clock::now(); now >= next_tick) {
      next_tick = now + std::chrono::milliseconds(kTickMs);
      expire();
    }
  }
}

void Lobby::accept_some() {
  for (int i = 0; i < 64; ++i) {
    const int fd = ::accept4(listener_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0) {
      // Out of descriptors: whoever has been idle longest makes room; else the client waits in the backlog.
      if (errno == EMFILE || errno == ENFILE) make_room();
      return;
    }
    const int on = 1;
    ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    auto c = std::make_unique<Connection>(fd, limits_);
    c->since = Clock::now();
    if (open_ >= limits_.connections && !make_room()) {
      const Refusal full{503, "busy", "too many connections are open; try again"};
      c->refuse(full, "Retry-After: 1\r\n");
      if (hooks_.refused) hooks_.refused(full);
      continue;
    }
    ++open_;
    Guest& guest = guests_[fd] = Guest{std::move(c), false};
    watch(fd, false);
    if (guest.connection->fill() == Connection::Got::kSome) advance(guest);
  }
}

// The guest that has waited longest without a complete request leaves. One that only just came stays.
bool Lobby::make_room() {
  int oldest = -1;
  auto since = Clock::now() - std::chrono::milliseconds(100);
  for (const auto& [fd, guest] : guests_) {
    if (guest.connection->since < since) since = guest.connection->since, oldest = fd;
  }
  if (oldest >= 0) drop(oldest);
  return oldest >= 0;
}

void Lobby::take_returned() {
  std::vector<Guest> returned;
  {
    const std::lock_guard lock(mutex_);
    returned.swap(returned_);
  }
  for (Guest& g : returned) {
    const int fd = g.connection->socket();
    g.connection->since = Clock::now();
    if (closing_ && !g.leaving && g.connection->empty()) {
      --open_;
      continue;
    }
    Guest& guest = guests_[fd] = std::move(g);
    watch(fd, true);
    if (!guest.leaving && !guest.connection->empty()) advance(guest);
  }
}

void Lobby::watch(int fd, bool known) {
  epoll_event e{};
  e.events = EPOLLIN | EPOLLRDHUP;
  e.data.fd = fd;
  if (::epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &e) != 0 && known) ::epoll_ctl(epoll_, EPOLL_CTL_MOD, fd, &e);
}

void Lobby::drop(int fd) {
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  guests_.erase(fd);
  --open_;
}

void Lobby::heard(int fd) {
  const auto it = guests_.find(fd);
  if (it == guests_.end()) return;
  Guest& guest = it->second;
  if (guest.leaving) {
    if (!guest.connection->discard()) drop(fd);
    return;
  }
  const bool fresh = guest.connection->empty();
  switch (guest.connection->fill()) {
    case Connection::Got::kEnd:
      return drop(fd);
    case Connection::Got::kNothing:
      return;
    case Connection::Got::kSome:
      break;
  }
  if (fresh) guest.connection->since = Clock::now();
  advance(guest);
}

bool Lobby::advance(Guest& guest) {
  Connection& c = *guest.connection;
  switch (c.read_head()) {
    case HeadReader::State::kMore:
      return true;
    case HeadReader::State::kRefused:
      refuse(guest, c.refusal());
      return true;
    case HeadReader::State::kDone:
      break;
  }
  if (!c.body_is_here()) return true;
  const int fd = c.socket();
  ::epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  auto taken = std::move(guest.connection);
  guests_.erase(fd);
  hooks_.ready(std::move(taken));
  return false;
}

void Lobby::refuse(Guest& guest, const Refusal& r) {
  guest.connection->refuse(r, r.status == 503 ? "Retry-After: 1\r\n" : "");
  guest.leaving = true;
  guest.connection->since = Clock::now();
  if (hooks_.refused) hooks_.refused(r);
}

void Lobby::expire() {
  const auto now = Clock::now();
  std::vector<int> out;
  for (auto& [fd, guest] : guests_) {
    const auto waited = now - guest.connection->since;
    if (guest.leaving) {
      if (waited > kFarewell) out.push_back(fd);
    } else if (guest.connection->empty()) {
      if (waited > limits_.idle_time) out.push_back(fd);
    } else if (waited > limits_.head_time) {
      refuse(guest, {408, "too_slow", "the request did not arrive in time"});
    }
  }
  for (const int fd : out) drop(fd);
}

}  // namespace rm::serve
