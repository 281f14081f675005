// rm-judge over HTTP: judging with streaming, the reward shapes of trainers, a page for people, health and metrics.
//
//   auto server = serve::Server::open(options, *generator, judging);   // listens; usage error without a token where needed
//   Exit e = (*server)->run();                                        // until TERM, INT or USR1; drains; kDone
//
// Routes: POST /v1/judge, POST /openrlhf (and /get_reward), POST /classify, POST /v1/embeddings, GET /health, GET /metrics,
// GET /. The generator is driven by a thread of the server from open() on and by nobody else; it and the prompts outlive the
// server. Formats: rm-judge(1), "SERVER".
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "lib/base/result.h"
#include "lib/generate/generator.h"
#include "lib/serve/intake.h"
#include "lib/serve/options.h"

namespace rm::serve {

class Server {
 public:
  // Exit::kUsage: reachable by others without a token. Exit::kIo: cannot listen. `log` gets lines for standard error.
  static Result<std::unique_ptr<Server>> open(Options options, generate::Generator& generator, Judging judging,
                                              std::function<void(const std::string&)> log);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int port() const;
  std::string url() const;  // "http://127.0.0.1:8080/"

  // Serves until a signal or stop(), then drains. kDone; the error's exit where the model had failed for good; stop_exit() where a
  // second signal cut the draining short, kStopped where it took too long. The first signal drains, the second stops.
  Exit run();
  void stop();  // from any thread: run() drains and returns

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace rm::serve
