#include "lib/serve/front.h"

#include <fcntl.h>
#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "lib/base/escape.h"
#include "lib/base/fd.h"

namespace rm::serve {
namespace {

thread_local Connection* t_connection = nullptr;
thread_local int t_status = 0;

constexpr int kBacklog = 1024;
constexpr std::size_t kGiveBack = 4u << 20;  // bodies after which freed memory goes back to the system

}  // namespace

Connection& Front::current() { return *t_connection; }

Front::Front(const serve::Options& o, Seen seen) : options_(o), seen_(std::move(seen)) {
  set_payload_max_length(o.limits.body_bytes);
  set_keep_alive_max_count(1'000'000);
  set_keep_alive_timeout(std::chrono::duration_cast<std::chrono::seconds>(o.limits.idle_time).count());
  set_tcp_nodelay(true);
  // Not httplib's SO_REUSEPORT, with which two servers would share a port and each get half of the clients.
  set_socket_options([](socket_t sock) {
    const int on = 1;
    ::setsockopt(sock, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  });
  set_error_handler(httplib::Server::HandlerWithResponse([this](const httplib::Request& req, httplib::Response& res) {
    if (!res.body.empty()) return HandlerResponse::Handled;
    Connection* c = t_connection;
    std::string code = "bad_request", message = "the request could not be read";
    if (c != nullptr && c->too_large())
      res.status = 413, code = "too_large", message = "the body is too large";
    else if (c != nullptr && c->timed_out())
      res.status = 408, code = "too_slow", message = "the body did not arrive in time";
    else if (c != nullptr && c->no_room())
      res.status = 503, code = "busy", message = "too many bodies are being read; try again";
    else if (res.status == 404 && allowed_ && !allowed_(req.path).empty())
      res.status = 405, code = "bad_method", message = "use " + allowed_(req.path),
      res.set_header("Allow", allowed_(req.path));
    else if (res.status == 404)
      code = "not_found", message = "no such path: " + escape_text(req.path);
    else if (res.status == 413)
      code = "too_large", message = "the body is too large";
    res.set_content(error_body(code, message), "application/json");
    return HandlerResponse::Handled;
  }));
  set_logger([](const httplib::Request&, const httplib::Response& res) { t_status = res.status; });
  // Told to stop while a request ran: its connection ends with it.
  set_post_routing_handler([this](const httplib::Request&, httplib::Response& res) {
    if (!draining_ || res.has_header("Connection")) return;
    res.headers.erase("Keep-Alive");
    res.set_header("Connection", "close");
  });
  set_exception_handler([](const httplib::Request&, httplib::Response& res, std::exception_ptr) {
    res.status = 500;
    res.set_content(error_body("bug", "the server failed at this request"), "application/json");
  });
}

Front::~Front() { stop(); }

Result<void> Front::listen_here() {
  errno = 0;
  const std::string where = options_.host + ":" + std::to_string(options_.port);
  if (options_.port == 0) {
    port_ = bind_to_any_port(options_.host);
  } else {
    port_ = bind_to_port(options_.host, options_.port) ? options_.port : -1;
  }
  if (port_ < 0) {
    return make_error(Exit::kIo, "cannot_listen",
                      "cannot listen on " + where +
                          ": the port is taken, not allowed to this user, or the address is not "
                          "this machine's");
  }
  if (::listen(svr_sock_, kBacklog) != 0) return fd::system_error(Exit::kIo, errno, "cannot listen on", where);
  const int flags = ::fcntl(svr_sock_, F_GETFL);
  ::fcntl(svr_sock_, F_SETFL, flags | O_NONBLOCK);
  ::fcntl(svr_sock_, F_SETFD, FD_CLOEXEC);
  return {};
}

Result<void> Front::start() {
  RM_TRY(listen_here());
  workers_ = std::make_unique<Workers>(options_.limits.threads);
  lobby_ = std::make_unique<Lobby>(svr_sock_, options_.limits,
                                   Lobby::Hooks{[this](std::unique_ptr<Connection> c) {
                                                  auto shared =
                                                      std::make_shared<std::unique_ptr<Connection>>(std::move(c));
                                                  workers_->run([this, shared] { answer(std::move(*shared)); });
                                                },
                                                [this](const Refusal& r) { seen_({}, r.status, 0); }});
  return lobby_->start();
}

bool Front::drain(std::chrono::milliseconds at_most) {
  draining_ = true;
  if (!lobby_) return true;
  lobby_->close_idle();
  return workers_->wait_idle(at_most);
}

void Front::stop() {
  draining_ = true;
  if (workers_) workers_->stop();
  if (lobby_) lobby_->stop();
  if (const socket_t sock = svr_sock_.exchange(INVALID_SOCKET); sock != INVALID_SOCKET) ::close(sock);
}

void Front::answer(std::unique_ptr<Connection> c) {
  t_connection = c.get();
  c->begin_body();
  bool go_on = false;
  try {
    go_on = answer_one(*c);
  } catch (...) {  // httplib allocates while it writes; one request's failure is no other's
    go_on = false;
  }
  t_connection = nullptr;
  if (c->body_bytes() > kGiveBack) ::malloc_trim(0);
  go_on ? lobby_->give_back(std::move(c)) : lobby_->farewell(std::move(c));
}

void Front::refuse(Connection& c, const Refusal& r) {
  std::string headers = r.status == 503 ? "Retry-After: 1\r\n" : "";
  if (r.status == 401) headers = "WWW-Authenticate: Bearer\r\nWWW-Authenticate: Basic realm=\"rm-judge\"\r\n";
  c.refuse(r, headers);
  seen_(c.head(), r.status, 0);
}

Front::Room::Room(Front& front, const Head& head)
    : front_(front),
      bytes_(head.length > front.options_.limits.early_body_bytes ? static_cast<std::size_t>(head.length) : 0),
      long_(head.chunked || bytes_ > 0 ? 1 : 0) {
  const Limits& l = front.options_.limits;
  const std::size_t bytes = front.bodies_.fetch_add(bytes_) + bytes_;
  const int reading = front.long_bodies_.fetch_add(long_) + long_;
  fits_ = long_ == 0 || (bytes <= l.bodies_bytes && reading <= static_cast<int>(l.long_bodies));
}

Front::Room::~Room() {
  front_.bodies_ -= bytes_;
  front_.long_bodies_ -= long_;
}

bool Front::Room::grow(std::size_t bytes) {
  bytes_ += bytes;
  return front_.bodies_.fetch_add(bytes) + bytes <= front_.options_.limits.bodies_bytes;
}

bool Front::answer_one(Connection& c) {
  const auto began = Clock::now();
  if (const auto stranger = refuse_stranger(c.head(), options_)) return refuse(c, *stranger), false;
  Room room(*this, c.head());
  if (!room) return refuse(c, {503, "busy", "too many bodies are being read; try again"}), false;

  // A chunked body's end is known only to httplib, so nothing can follow it here.
  const bool last = draining_ || !c.head().keep_alive || c.head().chunked;
  bool closed = false;
  t_status = 0;
  c.set_charge([&room](std::size_t n) { return room.grow(n); });
  const bool written = process_request(c, last, closed, [&](httplib::Request& r) { tidy(r, c.head()); });
  seen_(c.head(), t_status, std::chrono::duration<double>(Clock::now() - began).count());
  return written && !closed && !last && !draining_ && c.body_was_read() && !c.write_failed();
}

void Front::tidy(httplib::Request& request, const Head& head) const {
  request.ranges.clear();
  request.body.reserve(static_cast<std::size_t>(head.length));  // else it is copied as it grows
  // httplib would read forms and compress replies by these; routes ask the head instead.
  for (const char* name : {"Range", "Content-Type", "Accept-Encoding", "Connection", "Expect"})
    request.headers.erase(name);
  if (!head.keep_alive) request.set_header("Connection", "close");
}

}  // namespace rm::serve
