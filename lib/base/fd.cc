#include "lib/base/fd.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "lib/base/escape.h"
#include "lib/base/number.h"
#include "lib/base/signals.h"

namespace rm::fd {
namespace {

constexpr int kPollMs = 250;  // how long a wait may overlook a stop that came between the check and the wait

std::string_view standard_name(int fd) {
  return fd == 0 ? "standard input" : fd == 1 ? "standard output" : fd == 2 ? "standard error" : "";
}

// False: a stop was requested while waiting.
bool wait_for(int fd, short events, bool heed_stop) {
  for (;;) {
    if (heed_stop && signals::stop_requested()) return false;
    pollfd p{fd, events, 0};
    const int n = ::poll(&p, 1, heed_stop ? kPollMs : 1000);
    if (n > 0 || (n < 0 && errno != EINTR)) return true;  // ready, or the read or write itself will say what is wrong
  }
}

}  // namespace

Error system_error(Exit exit, int error_number, std::string_view what, std::string_view name) {
  char buffer[128] = "";
  const char* words = ::strerror_r(error_number, buffer, sizeof buffer);  // the GNU one; not localised by us
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return make_error(exit, full ? "disk_full" : "io", std::string(what) + ": " + words, escape_text(name));
}

Fd& Fd::operator=(Fd&& o) noexcept {
  if (this != &o) {
    reset();
    number_ = std::exchange(o.number_, -1);
    owned_ = o.owned_;
  }
  return *this;
}

void Fd::reset() {
  if (number_ >= 0 && owned_) ::close(number_);
  number_ = -1;
}

Result<void> Fd::close(std::string_view name) {
  const int n = std::exchange(number_, -1);
  if (n < 0 || !owned_) return {};
  if (::close(n) != 0 && errno != EINTR) return system_error(Exit::kIo, errno, "cannot close", name);
  return {};
}

void guard_standard() {
  for (int n = 0; n <= 2; ++n) {
    if (::fcntl(n, F_GETFD) >= 0 || errno != EBADF) continue;
    // The lowest free number is n. Opened the wrong way round, so that reading 0 or writing 1 and 2 fails.
    const int got = ::open("/dev/null", n == 0 ? O_WRONLY : O_RDONLY);
    if (got >= 0 && got != n) ::close(got);
  }
}

Result<Fd> open_read(const std::string& path) {
  if (path == "-") return Fd(0, false);
  int n = -1;
  do {
    // A named pipe without a writer would block here, deaf to a stop; read_some() waits for it instead.
    n = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  } while (n < 0 && errno == EINTR && !signals::stop_requested());
  if (n < 0) {
    Error e = system_error(Exit::kInput, errno, "cannot open", path);
    if (errno == ENOENT) e.reason = "no_file";
    return e;
  }
  Fd out(n);
  RM_ASSIGN(const Kind k, kind(n, path));
  if (k.folder) return make_error(Exit::kInput, "io", "is a folder; expected a file", escape_text(path));
  return out;
}

Result<Fd> open_write(const std::string& path, Create how) {
  if (path == "-") return Fd(1, false);
  int flags = O_WRONLY | O_CREAT | O_CLOEXEC;
  flags |= how == Create::kTruncate ? O_TRUNC : how == Create::kNew ? O_EXCL : 0;
  int n = -1;
  do {
    n = ::open(path.c_str(), flags, 0666);
  } while (n < 0 && errno == EINTR);
  if (n < 0) return system_error(Exit::kIo, errno, "cannot open for writing", path);
  return Fd(n);
}

Result<std::size_t> read_some(int fd, std::span<char> into, std::string_view name) {
  const std::string_view shown = name.empty() ? standard_name(fd) : name;
  for (;;) {
    if (!wait_for(fd, POLLIN, true)) return signals::stop_error();
    const ssize_t n = ::read(fd, into.data(), into.size());
    if (n >= 0) return static_cast<std::size_t>(n);
    if (errno == EINTR || errno == EAGAIN || errno == EWOULDBLOCK) continue;
    if (errno == EBADF) return make_error(Exit::kIo, "io", "is closed", escape_text(shown));
    return system_error(Exit::kIo, errno, "cannot read", shown);
  }
}

Result<void> read_at(int fd, std::uint64_t offset, std::span<std::byte> into, std::string_view name, Exit short_exit) {
  std::size_t got = 0;
  while (got < into.size()) {
    // Linux moves at most 2 GiB at a time.
    const ssize_t n = ::pread(fd, into.data() + got, std::min<std::size_t>(into.size() - got, 1u << 30),
                              static_cast<off_t>(offset + got));
    if (n > 0) {
      got += static_cast<std::size_t>(n);
    } else if (n == 0) {
      return make_error(short_exit, "truncated",
                        "ends at byte " + format_grouped(offset + got) + "; expected " +
                            format_grouped(into.size() - got) + " bytes more: it was cut or replaced while being read",
                        escape_text(name));
    } else if (errno != EINTR && errno != EAGAIN) {
      return system_error(Exit::kIo, errno, "cannot read", name);
    }
  }
  return {};
}

Result<void> write_all(int fd, std::string_view data, std::string_view name, std::size_t* written) {
  const std::string_view shown = name.empty() ? standard_name(fd) : name;
  std::size_t sent = 0;
  while (sent < data.size()) {
    const ssize_t n = ::write(fd, data.data() + sent, data.size() - sent);
    if (n >= 0) {
      sent += static_cast<std::size_t>(n);
      if (written != nullptr) *written = sent;
      continue;
    }
    if (errno == EINTR) continue;
    if (errno == EAGAIN || errno == EWOULDBLOCK) {
      wait_for(fd, POLLOUT, false);
      continue;
    }
    if (errno == EPIPE) return make_error(Exit::kReaderGone, "reader_gone", "the reader went away", escape_text(shown));
    if (errno == EBADF) return make_error(Exit::kIo, "io", "is closed", escape_text(shown));
    return system_error(Exit::kIo, errno, "cannot write", shown);
  }
  return {};
}

namespace {

Kind from_stat(const struct stat& s) {
  Kind k;
  k.regular = S_ISREG(s.st_mode);
  k.folder = S_ISDIR(s.st_mode);
  k.size = k.regular ? static_cast<std::uint64_t>(s.st_size) : 0;
  k.device = s.st_dev;
  k.inode = s.st_ino;
  return k;
}

}  // namespace

Result<Kind> kind(int fd, std::string_view name) {
  struct stat s {};
  if (::fstat(fd, &s) != 0)
    return system_error(Exit::kIo, errno, "cannot examine", name.empty() ? standard_name(fd) : name);
  Kind k = from_stat(s);
  k.terminal = ::isatty(fd) == 1;
  return k;
}

std::optional<Kind> kind_of_path(const std::string& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return std::nullopt;
  return from_stat(s);
}

Result<std::string> read_file(const std::string& path, std::uint64_t limit, Exit exit) {
  auto file = open_read(path);
  if (!file) {
    Error e = file.error();
    if (e.exit == Exit::kInput) e.exit = exit;
    return e;
  }
  const Error too_large =
      make_error(exit, "too_large", "is larger than " + format_grouped(limit) + " bytes", escape_text(path));
  RM_ASSIGN(const Kind k, kind(file->number(), path));
  if (k.size > limit) return too_large;
  std::string out;
  out.reserve(k.size);
  char buffer[1 << 16];
  for (;;) {
    RM_ASSIGN(const std::size_t n, read_some(file->number(), buffer, path));
    if (n == 0) return out;
    if (out.size() + n > limit) return too_large;
    out.append(buffer, n);
  }
}

}  // namespace rm::fd
