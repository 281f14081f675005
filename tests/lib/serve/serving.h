// A server on a free port of loopback over a Talker, for as long as a test wants one.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <thread>

#include "lib/serve/server.h"
#include "tests/lib/serve/client.h"
#include "tests/lib/serve/talker.h"

namespace rm::tests {

struct Serving {
  explicit Serving(Talker::Options talk = {say_right}, serve::Options options = {})
      : talker(std::move(talk)), prompts(judge::PromptSet::built_in()) {
    serve::Judging judging;
    judging.prompts = &prompts;
    auto opened = serve::Server::open(std::move(options), talker, judging, nullptr);
    REQUIRE_MESSAGE(opened.ok(), (opened ? "" : opened.error().message));
    server = std::move(*opened);
    port = server->port();
    runs = std::thread([this] { exit = server->run(); });
  }
  ~Serving() { stop(); }
  Exit stop() {
    if (runs.joinable()) {
      server->stop();
      runs.join();
    }
    return exit;
  }

  Talker talker;
  judge::PromptSet prompts;
  std::unique_ptr<serve::Server> server;
  int port = 0;
  Exit exit = Exit::kBug;
  std::thread runs;
};

inline constexpr const char* kPair = R"({"id":7,"question":"2+2?","answer_a":"4, right","answer_b":"5, wrong"})";

inline bool has(const std::string& text, std::string_view part) { return text.find(part) != std::string::npos; }

// Until something holds, or five seconds are over.
template <class F>
bool soon(F f) {
  for (int i = 0; i < 500; ++i) {
    if (f()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return f();
}

inline Talker::Options slowly(int ms = 20) {
  Talker::Options o{say_right};
  o.pause = std::chrono::milliseconds(ms);
  return o;
}

}  // namespace rm::tests
