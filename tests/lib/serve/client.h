// A plain socket that speaks HTTP, well or badly, to a server on loopback.
#pragma once

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <map>
#include <string>
#include <string_view>

namespace rm::tests {

struct Response {
  int status = 0;                              // 0: nothing that is HTTP came
  std::map<std::string, std::string> headers;  // lower-case names
  std::string body;                            // chunks joined
  bool whole = false;
};

class Client {
 public:
  explicit Client(int port) {
    fd_ = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in a{};
    a.sin_family = AF_INET;
    a.sin_port = htons(static_cast<std::uint16_t>(port));
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = ::connect(fd_, reinterpret_cast<const sockaddr*>(&a), sizeof a) == 0;
  }
  ~Client() { close(); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  bool connected() const { return connected_; }
  void close() {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
  }
  void half_close() { ::shutdown(fd_, SHUT_WR); }

  bool send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t n = ::send(fd_, text.data(), text.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  // More bytes into what was received; false at the end or when nothing comes in time.
  bool more(int wait_ms = 10'000) {
    pollfd p{fd_, POLLIN, 0};
    if (::poll(&p, 1, wait_ms) <= 0) return false;
    char block[16384];
    const ssize_t n = ::recv(fd_, block, sizeof block, 0);
    if (n <= 0) return ended_ = true, false;
    in_.append(block, static_cast<std::size_t>(n));
    return true;
  }
  bool ended() const { return ended_; }
  const std::string& received() const { return in_; }
  bool wait_for(std::string_view text, int wait_ms = 10'000) {
    while (in_.find(text) == std::string::npos) {
      if (!more(wait_ms)) return false;
    }
    return true;
  }

  Response read(int wait_ms = 10'000) {
    Response r;
    std::size_t end = 0;
    for (;;) {  // interim replies come before the one that counts
      while ((end = in_.find("\r\n\r\n")) == std::string::npos) {
        if (!more(wait_ms)) return r;
      }
      if (in_.compare(9, 3, "100") != 0) break;
      in_.erase(0, end + 4);
    }
    head(r, std::string_view(in_).substr(0, end + 2));
    in_.erase(0, end + 4);
    if (r.headers.count("transfer-encoding") > 0) {
      r.whole = chunks(r, wait_ms);
      return r;
    }
    const std::size_t length = r.headers.count("content-length") ? std::stoul(r.headers["content-length"]) : 0;
    while (in_.size() < length && more(wait_ms)) {
    }
    r.whole = in_.size() >= length;
    r.body = in_.substr(0, length);
    in_.erase(0, length);
    return r;
  }

  Response ask(std::string_view text) {
    send(text);
    return read();
  }

 private:
  static void head(Response& r, std::string_view text) {
    if (text.substr(0, 7) != "HTTP/1.") return;
    r.status = std::stoi(std::string(text.substr(9, 3)));
    std::size_t at = text.find("\r\n") + 2;
    while (at < text.size()) {
      const std::size_t end = text.find("\r\n", at), colon = text.find(": ", at);
      std::string name(text.substr(at, colon - at));
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      r.headers[name] = text.substr(colon + 2, end - colon - 2);
      at = end + 2;
    }
  }
  bool chunks(Response& r, int wait_ms) {
    for (;;) {
      std::size_t end = 0;
      while ((end = in_.find("\r\n")) == std::string::npos) {
        if (!more(wait_ms)) return false;
      }
      const std::size_t n = std::stoul(in_.substr(0, end), nullptr, 16);
      while (in_.size() < end + 2 + n + 2) {
        if (!more(wait_ms)) return false;
      }
      r.body.append(in_, end + 2, n);
      in_.erase(0, end + 2 + n + 2);
      if (n == 0) return true;
    }
  }

  int fd_ = -1;
  bool connected_ = false, ended_ = false;
  std::string in_;
};

inline std::string request(std::string_view method, std::string_view target, std::string_view body = {},
                           std::string_view headers = {}) {
  std::string out = std::string(method) + " " + std::string(target) + " HTTP/1.1\r\nHost: 127.0.0.1\r\n";
  out.append(headers);
  if (method == "POST") out += "Content-Length: " + std::to_string(body.size()) + "\r\n";
  out += "\r\n";
  out.append(body);
  return out;
}

inline Response ask(int port, std::string_view method, std::string_view target, std::string_view body = {},
                    std::string_view headers = {}) {
  Client c(port);
  return c.ask(request(method, target, body, headers));
}

}  // namespace rm::tests
