#include "lib/base/child_process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <ctime>
#include <utility>
#include <vector>

#include "lib/base/escape.h"

namespace rm {
namespace {

using Clock = std::chrono::steady_clock;
using Millis = ChildProcess::Millis;

constexpr std::size_t kReadBytes = 64u << 10;
constexpr std::size_t kTailBytes = 8u << 10;  // of its standard error
constexpr int kErrorReads = 16;               // a call, so that endless errors cannot hold us
constexpr std::size_t kShownLine = 300;
constexpr Millis kTick{5};         // an end is noticed so late when no pipe tells it
constexpr Millis kKillWait{5000};  // KILL takes that long only in a broken kernel or file system
constexpr Millis kDestructor{200};

struct Pipe {
  fd::Fd read, write;
};

Result<Pipe> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) return fd::system_error(Exit::kResources, errno, "cannot make a pipe", "");
  return Pipe{fd::Fd(ends[0]), fd::Fd(ends[1])};
}

bool unblock(const fd::Fd& f) {
  const int flags = ::fcntl(f.number(), F_GETFL);
  return flags >= 0 && ::fcntl(f.number(), F_SETFL, flags | O_NONBLOCK) == 0;
}

// What posix_spawn is told, freed when it goes.
struct SpawnPlan {
  posix_spawn_file_actions_t files;
  posix_spawnattr_t attributes;
  SpawnPlan() {
    ::posix_spawn_file_actions_init(&files);
    ::posix_spawnattr_init(&attributes);
  }
  ~SpawnPlan() {
    ::posix_spawn_file_actions_destroy(&files);
    ::posix_spawnattr_destroy(&attributes);
  }
  SpawnPlan(const SpawnPlan&) = delete;
  SpawnPlan& operator=(const SpawnPlan&) = delete;

  int set(const std::array<int, 3>& streams) {
    int failed = 0;
    const auto note = [&failed](int code) { failed = failed != 0 ? failed : code; };
    for (int n = 0; n < 3; ++n)
      note(::posix_spawn_file_actions_adddup2(&files, streams[static_cast<std::size_t>(n)], n));
    note(::posix_spawn_file_actions_addclosefrom_np(&files, 3));  // libraries open files without close-on-exec
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    for (const int s : {SIGPIPE, SIGXFSZ, SIGTERM, SIGCHLD})
      sigaddset(&defaults, s);  // an ignored one would stay ignored
    note(::posix_spawnattr_setsigmask(&attributes, &none));
    note(::posix_spawnattr_setsigdefault(&attributes, &defaults));
    note(::posix_spawnattr_setpgroup(&attributes, 0));
    note(::posix_spawnattr_setflags(&attributes,
                                    POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF));
    return failed;
  }
};

// Our environment and those of `more` whose name it does not have; ends in a null pointer.
std::vector<char*> with_defaults(std::span<const std::string> more) {
  std::vector<char*> out;
  for (char** e = environ; e != nullptr && *e != nullptr; ++e) out.push_back(*e);
  const std::size_t ours = out.size();
  for (const std::string& m : more) {
    const std::string_view name = std::string_view(m).substr(0, m.find('=') + 1);
    const auto end = out.begin() + static_cast<std::ptrdiff_t>(ours);
    if (std::none_of(out.begin(), end, [&](const char* e) { return std::string_view(e).starts_with(name); }))
      out.push_back(const_cast<char*>(m.c_str()));
  }
  out.push_back(nullptr);
  return out;
}

// write() that never raises SIGPIPE, whatever the process does with that signal.
ssize_t quiet_write(int fd, std::string_view data) {
  sigset_t pipe, before, pending;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  sigpending(&pending);
  const bool was_pending = sigismember(&pending, SIGPIPE) == 1;
  ::pthread_sigmask(SIG_BLOCK, &pipe, &before);
  const ssize_t n = ::write(fd, data.data(), data.size());
  const int error = errno;
  if (n < 0 && error == EPIPE && !was_pending) {
    const timespec now{};
    while (::sigtimedwait(&pipe, nullptr, &now) < 0 && errno == EINTR) {
    }
  }
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  errno = error;
  return n;
}

std::string words(int status) {
  if (!WIFSIGNALED(status)) return "ended with status " + std::to_string(WEXITSTATUS(status));
  const char* name = ::sigabbrev_np(WTERMSIG(status));
  return "was killed by " +
         (name != nullptr ? "SIG" + std::string(name) : "signal " + std::to_string(WTERMSIG(status)));
}

}  // namespace

Result<std::unique_ptr<ChildProcess>> ChildProcess::start(const std::string& command,
                                                          std::span<const std::string> environment) {
  RM_ASSIGN(Pipe in, make_pipe());
  RM_ASSIGN(Pipe out, make_pipe());
  RM_ASSIGN(Pipe err, make_pipe());
  SpawnPlan plan;
  int failed = plan.set({in.read.number(), out.write.number(), err.write.number()});
  if (!unblock(in.write) || !unblock(out.read) || !unblock(err.read)) failed = failed != 0 ? failed : errno;

  std::string text = command, shell = "sh", flag = "-c";
  std::array<char*, 4> arguments{shell.data(), flag.data(), text.data(), nullptr};
  std::vector<char*> variables = with_defaults(environment);
  pid_t pid = -1;
  if (failed == 0)
    failed = ::posix_spawn(&pid, "/bin/sh", &plan.files, &plan.attributes, arguments.data(), variables.data());
  if (failed != 0) return fd::system_error(Exit::kResources, failed, "cannot start /bin/sh", "");

  std::unique_ptr<ChildProcess> child(new ChildProcess);
  child->pid_ = pid;
  child->input_ = std::move(in.write);
  child->output_ = std::move(out.read);
  child->errors_ = std::move(err.read);
  return child;
}

ChildProcess::~ChildProcess() { end(kDestructor, kDestructor); }

ChildProcess::Moved ChildProcess::exchange(std::string_view to_input, std::string& from_output, Millis wait) {
  const bool sends = input_ && !input_gone_ && !to_input.empty();
  std::array<pollfd, 3> polled{pollfd{sends ? input_.number() : -1, POLLOUT, 0}, pollfd{output_.number(), POLLIN, 0},
                               pollfd{errors_.number(), POLLIN, 0}};
  Moved moved;
  if (::poll(polled.data(), polled.size(), static_cast<int>(std::max<Millis::rep>(0, wait.count()))) > 0) {
    if (polled[0].revents != 0) {
      const ssize_t n = quiet_write(input_.number(), to_input);
      if (n > 0) moved.sent = static_cast<std::size_t>(n);
      if (n < 0 && errno != EAGAIN && errno != EINTR) input_gone_ = true;
    }
    if (polled[1].revents != 0) {
      const std::size_t had = from_output.size();
      from_output.resize(had + kReadBytes);
      const ssize_t n = ::read(output_.number(), from_output.data() + had, kReadBytes);
      moved.received = n > 0 ? static_cast<std::size_t>(n) : 0;
      if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) output_gone_ = true;
      from_output.resize(had + moved.received);
      if (output_gone_) output_.reset();
    }
    if (polled[2].revents != 0) take_errors();
  }
  moved.input_closed = input_gone_;
  moved.output_ended = output_gone_;
  return moved;
}

void ChildProcess::take_errors() {
  std::array<char, 4096> buffer;
  for (int i = 0; i < kErrorReads && errors_; ++i) {
    const ssize_t n = ::read(errors_.number(), buffer.data(), buffer.size());
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) errors_.reset();
    if (n <= 0) break;
    tail_.append(buffer.data(), static_cast<std::size_t>(n));
    if (tail_.size() > 2 * kTailBytes) tail_.erase(0, tail_.size() - kTailBytes);
  }
}

bool ChildProcess::ended() {
  if (pid_ < 0 || unknown_) return true;
  siginfo_t info{};
  // Left as a zombie: its number, and that of its group, stay taken until end() has killed the rest of the group.
  if (::waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG | WNOWAIT) != 0) unknown_ = errno == ECHILD;
  return unknown_ || info.si_pid == pid_;
}

bool ChildProcess::wait(Millis wait) {
  std::string thrown_away;
  for (const auto until = Clock::now() + wait;;) {
    if (ended()) return true;
    if (Clock::now() >= until) return false;
    exchange({}, thrown_away, kTick);
    thrown_away.clear();
  }
}

void ChildProcess::end(Millis patience, Millis grace) {
  input_.reset();
  input_gone_ = true;
  if (pid_ < 0) return;
  if (!wait(patience)) {
    ::kill(-pid_, SIGTERM);
    if (!wait(grace)) {
      ::kill(-pid_, SIGKILL);
      wait(kKillWait);
    }
  }
  reap();
}

void ChildProcess::reap() {
  if (ended() && !unknown_) ::kill(-pid_, SIGKILL);  // what it left behind; itself it is beyond that
  int status = 0;
  pid_t got = -1;
  do got = ::waitpid(pid_, &status, WNOHANG);
  while (got < 0 && errno == EINTR);
  ending_ = got == pid_ ? words(status) : "ended";
  pid_ = -1;
  take_errors();
}

std::string ChildProcess::last_error_line() const {
  const auto end = tail_.find_last_not_of(" \t\r\n");
  if (end == tail_.npos) return "";
  const auto before = tail_.find_last_of("\r\n", end);
  std::string_view line(tail_);
  line = line.substr(before == tail_.npos ? 0 : before + 1);
  line = line.substr(0, line.find_last_not_of(" \t\r\n") + 1);
  return escape_text(line.substr(std::min(line.size(), line.find_first_not_of(" \t"))), kShownLine);
}

}  // namespace rm
