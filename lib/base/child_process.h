// A program of the user's: `sh -c COMMAND` in a process group of its own, with pipes to its input, output and errors.
//
// The child holds no file of ours but the three pipes, has default handlers and no blocked signals, and is not reached
// by a Ctrl-C at our terminal. Writing and reading go on at once and never block, so neither side can wait for the
// other for ever; what it writes to its standard error is taken whenever anything is exchanged, and only its end is
// kept. A closed pipe is told, never a SIGPIPE. When the object goes, the program is gone too: asked to end, then
// killed with all of its group that is left, and no zombie stays. (What has left the group by setsid is out of reach.)
// One thread at a time; any other may run beside.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "lib/base/fd.h"
#include "lib/base/result.h"

namespace rm {

class ChildProcess {
 public:
  using Millis = std::chrono::milliseconds;

  // `environment`: "NAME=value", each where the NAME is not set. Exit::kResources where no process can be made; a
  // command that does not exist is no error here: sh says so on its standard error and ends with status 127.
  static Result<std::unique_ptr<ChildProcess>> start(const std::string& command,
                                                     std::span<const std::string> environment = {});
  ~ChildProcess();  // end() with little patience

  struct Moved {
    std::size_t sent = 0, received = 0;               // bytes of its input and of its output
    bool input_closed = false, output_ended = false;  // by the program, now or earlier
  };
  // Waits until something can be moved, at most `wait`; then writes what its input takes of `to_input` and appends to
  // `from_output` what its output has, at most 64 KiB a call.
  Moved exchange(std::string_view to_input, std::string& from_output, Millis wait);

  bool ended();            // without waiting; what it wrote last may still be there to be read
  bool wait(Millis wait);  // until it has ended; false: it has not. Its output is thrown away meanwhile

  // Closes its input and waits for `patience`, sends TERM and waits for `grace`, sends KILL. Returns at once where it
  // has ended already, and can be called again.
  void end(Millis patience, Millis grace);

  // "ended with status 3", "was killed by SIGSEGV"; once it has ended and end() was called, before that empty.
  const std::string& ending() const { return ending_; }
  // The last line on its standard error that is not blank, made safe to show; empty: there is none.
  std::string last_error_line() const;

 private:
  ChildProcess() = default;
  void take_errors();
  void reap();

  pid_t pid_ = -1;        // also the group; -1 once it is reaped
  bool unknown_ = false;  // somebody else took its status (SIGCHLD is ignored)
  bool input_gone_ = false, output_gone_ = false;
  fd::Fd input_, output_, errors_;
  std::string tail_;  // of its standard error
  std::string ending_;
};

}  // namespace rm
