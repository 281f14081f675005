// tests/cli/scripted_server.py as a child process; it ends with its standard input, so it never outlives the test.
#pragma once

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

namespace rm::tests {

class ScriptedServer {
 public:
  explicit ScriptedServer(std::vector<std::string> flags = {}) {
    int in[2], out[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) std::abort();
    child_ = ::fork();
    if (child_ == 0) {
      ::dup2(in[0], 0);
      ::dup2(out[1], 1);
      flags.insert(flags.begin(), {"python3", RM_SOURCE_DIR "/tests/cli/scripted_server.py"});
      std::vector<char*> argv;
      for (std::string& f : flags) argv.push_back(f.data());
      argv.push_back(nullptr);
      ::execvp("python3", argv.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    in_ = in[1];
    std::string line;
    for (char c = 0; ::read(out[0], &c, 1) == 1 && c != '\n';) line += c;
    ::close(out[0]);
    port_ = std::atoi(line.c_str());
  }
  ScriptedServer(const ScriptedServer&) = delete;
  ScriptedServer& operator=(const ScriptedServer&) = delete;
  ~ScriptedServer() { end(); }

  void end() {
    if (child_ <= 0) return;
    ::close(in_);
    ::waitpid(child_, nullptr, 0);
    child_ = 0;
  }
  int port() const { return port_; }
  std::string url(const std::string& path = "/v1") const { return "http://127.0.0.1:" + std::to_string(port_) + path; }

 private:
  pid_t child_ = 0;
  int in_ = -1, port_ = 0;
};

}  // namespace rm::tests
