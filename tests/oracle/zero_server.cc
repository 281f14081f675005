// zero-server: answers every HTTP request with the same completion at once. What a client's own speed is measured with.
//
// usage: zero-server [REPLY_BYTES]   prints its port; ends with standard input. One thread, epoll, loopback only.
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <unordered_map>

namespace {

std::string reply(std::size_t bytes) {
  const std::string body =
      R"({"id":"c","object":"chat.completion","model":"zero","data":[{"id":"zero"}],"choices":[{"index":0,"message":{"role":)"
      R"("assistant","content":")" +
      std::string(bytes, 'x') +
      R"( <answer>[[A]]</answer>"},"finish_reason":"stop"}],"usage":{"prompt_tokens":7,"completion_tokens":9}})";
  return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

// How many bytes the first whole request of a buffer takes; 0 when it is not whole yet.
std::size_t request_bytes(std::string_view in) {
  const std::size_t head = in.find("\r\n\r\n");
  if (head == in.npos) return 0;
  std::size_t length = 0;
  if (const std::size_t at = in.substr(0, head).find("Content-Length: "); at != in.npos) {
    length = std::strtoul(in.data() + at + 16, nullptr, 10);
  }
  return in.size() >= head + 4 + length ? head + 4 + length : 0;
}

// False when the connection is over.
bool serve(int fd, std::string& in, const std::string& answer) {
  char buffer[1 << 16];
  const ssize_t n = ::read(fd, buffer, sizeof buffer);
  if (n <= 0) return false;
  in.append(buffer, static_cast<std::size_t>(n));
  while (const std::size_t used = request_bytes(in)) {
    in.erase(0, used);
    for (std::size_t sent = 0; sent < answer.size();) {
      const ssize_t m = ::write(fd, answer.data() + sent, answer.size() - sent);
      if (m <= 0) return false;
      sent += static_cast<std::size_t>(m);
    }
  }
  return true;
}

int listen_anywhere() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in a{};
  a.sin_family = AF_INET;
  a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof a;
  if (fd < 0 || ::bind(fd, reinterpret_cast<sockaddr*>(&a), size) != 0 || ::listen(fd, 512) != 0 ||
      ::getsockname(fd, reinterpret_cast<sockaddr*>(&a), &size) != 0) {
    return -1;
  }
  std::printf("%d\n", ntohs(a.sin_port));
  std::fflush(stdout);
  return fd;
}

}  // namespace

int main(int argc, char** argv) {
  const std::string answer = reply(argc > 1 ? std::strtoul(argv[1], nullptr, 10) : 1000);
  const int listener = listen_anywhere(), poller = ::epoll_create1(0);
  if (listener < 0 || poller < 0) return 1;
  const auto watch = [poller](int fd) {
    epoll_event e{};
    e.events = EPOLLIN;
    e.data.fd = fd;
    ::epoll_ctl(poller, EPOLL_CTL_ADD, fd, &e);
  };
  watch(listener);
  watch(0);
  std::unordered_map<int, std::string> pending;
  for (epoll_event events[64];;) {
    const int n = ::epoll_wait(poller, events, 64, -1);
    for (int i = 0; i < n; ++i) {
      const int fd = events[i].data.fd;
      char byte = 0;
      if (fd == 0 && ::read(0, &byte, 1) <= 0) return 0;
      if (fd == 0) continue;
      if (fd != listener) {
        if (!serve(fd, pending[fd], answer)) pending.erase(fd), ::close(fd);
        continue;
      }
      const int one = 1, connection = ::accept(listener, nullptr, nullptr);
      if (connection < 0) continue;
      ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
      watch(connection);
    }
  }
}
