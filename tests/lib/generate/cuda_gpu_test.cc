// The CUDA object against the CPU object: the same weights in f32, the same forced tokens, the same log-probabilities.
// Where there is no GPU it says so and counts as skipped.
#include <sys/stat.h>

#include <cmath>
#include <cstdlib>
#include <iostream>
#include <string>
#include <vector>

#include "doctest/doctest.h"
#include "lib/generate/local.h"

namespace rm::generate {
namespace {

std::string model_path() {
  const char* folder = std::getenv("RM_TEST_MODELS");
  const char* home = std::getenv("HOME");
  const char* data = std::getenv("XDG_DATA_HOME");
  const std::string base = folder != nullptr ? folder
                           : data != nullptr ? std::string(data) + "/rm-r1/models"
                                             : std::string(home != nullptr ? home : "") + "/.local/share/rm-r1/models";
  return base + "/smollm2-135m-instruct-q4_1.gguf";
}

bool exists(const std::string& path) {
  struct stat s {};
  return stat(path.c_str(), &s) == 0;
}

std::vector<float> logprobs(TokenEngine& engine, const std::vector<std::int32_t>& prompt,
                            const std::vector<std::int32_t>& forced) {
  TokenRequest request;
  request.id = 1;
  request.prompt = prompt;
  request.forced = forced;
  request.max_tokens = static_cast<std::int64_t>(forced.size());
  REQUIRE(engine.submit(request).ok());
  std::vector<float> out;
  while (engine.alive() > 0) {
    auto events = engine.step();
    REQUIRE_MESSAGE(events.ok(), events.error().text());
    for (const TokenEvent& e : *events) {
      if (e.token >= 0) out.push_back(e.logprob);
    }
  }
  return out;
}

TEST_CASE("the CUDA object gives the CPU object's log-probabilities") {
  EngineOptions options;
  options.model = model_path();
  options.dtype = "f32";
  options.context = 512;
  if (!exists(options.model)) {
    MESSAGE("skipped: ", options.model, " is not there");
    return;
  }
  options.device = "cuda";
  auto cuda = open_engine(options);
  if (!cuda && (cuda.error().reason == "no_device" || cuda.error().reason == "no_library")) {
    std::cout << "no CUDA device: " << cuda.error().text() << '\n';
    return;
  }
  REQUIRE_MESSAGE(cuda.ok(), cuda.error().text());
  options.device = "cpu";
  auto cpu = open_engine(options);
  REQUIRE_MESSAGE(cpu.ok(), cpu.error().text());

  std::vector<std::int32_t> prompt, forced;
  for (int i = 0; i < 100; ++i) prompt.push_back(1000 + i * 37 % 20000);
  for (int i = 0; i < 32; ++i) forced.push_back(500 + i * 91 % 20000);
  const std::vector<float> ours = logprobs(**cuda, prompt, forced), reference = logprobs(**cpu, prompt, forced);
  REQUIRE(ours.size() == forced.size());
  REQUIRE(reference.size() == forced.size());
  for (std::size_t i = 0; i < forced.size(); ++i) {
    CAPTURE(i);
    CHECK(std::abs(ours[i] - reference[i]) <= 2e-2F);
  }
}

}  // namespace
}  // namespace rm::generate
