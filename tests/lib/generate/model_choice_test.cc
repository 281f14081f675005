// Which model and which Torch object are meant, without either being there.
#include <doctest/doctest.h>

#include <cstdlib>
#include <string>

#include "lib/generate/local.h"
#include "lib/generate/scripted.h"

using namespace rm;
using namespace rm::generate;

namespace {

class Env {
 public:
  Env(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) had_ = true, old_ = old;
    value != nullptr ? setenv(name, value, 1) : unsetenv(name);
  }
  ~Env() { had_ ? setenv(name_, old_.c_str(), 1) : unsetenv(name_); }
  Env(const Env&) = delete;
  Env& operator=(const Env&) = delete;

 private:
  const char* name_;
  bool had_ = false;
  std::string old_;
};

}  // namespace

TEST_CASE("RM_MODEL names the model; without it the default one must be there") {
  {
    const Env m("RM_MODEL", "/some/model");
    CHECK(*default_model() == "/some/model");
  }
  const Env none("RM_MODEL", nullptr);
  const Env data("XDG_DATA_HOME", "/nonexistent-data");
  const auto missing = default_model();
  REQUIRE_FALSE(missing.ok());
  CHECK(missing.error().exit == Exit::kModel);
  CHECK(missing.error().text().find("/nonexistent-data/rm-r1/models/") != std::string::npos);
  CHECK(missing.error().text().find("make model") != std::string::npos);
}

TEST_CASE("without a home folder the error says what to do") {
  const Env none("RM_MODEL", nullptr);
  const Env data("XDG_DATA_HOME", nullptr);
  const Env home("HOME", nullptr);
  REQUIRE_FALSE(default_model().ok());
  CHECK(default_model().error().exit == Exit::kModel);
}

TEST_CASE("records call a model by the last part of its path") {
  struct Row {
    const char *path, *adapter, *label;
  };
  for (const Row& r : {Row{"/a/b/model.gguf", "", "model"}, Row{"/a/b/model/", "", "model"}, Row{"model", "", "model"},
                       Row{"/a/base", "/x/lora/", "base+lora"}, Row{".gguf", "", ".gguf"}}) {
    CAPTURE(r.path);
    EngineOptions o;
    o.model = r.path;
    o.adapter = r.adapter;
    CHECK(model_label(o) == r.label);
  }
}

TEST_CASE("an unknown device is a usage error") {
  for (const char* device : {"gpu", "cuda0", "CPU", "cpu:1"}) {
    CAPTURE(device);
    EngineOptions o;
    o.device = device;
    const auto e = open_engine(o);
    REQUIRE_FALSE(e.ok());
    CHECK(e.error().exit == Exit::kUsage);
  }
}

TEST_CASE("a model that is not there is exit 4 and names the path") {
  LocalOptions o;
  o.engine.model = "/nonexistent/model.gguf";
  const auto g = open_local(o);
  REQUIRE_FALSE(g.ok());
  CHECK(g.error().exit == Exit::kModel);
  CHECK(g.error().text().find("/nonexistent/model.gguf") != std::string::npos);
}

TEST_CASE("a script answers in the order asked for and keeps its log") {
  Script s;
  s.answer = [](const Request& r) {
    Reply reply;
    reply.text = r.messages.at(0).content;
    return reply;
  };
  s.newest_first = true;
  auto log = std::make_shared<ScriptLog>();
  auto g = scripted(s, log);
  for (std::uint64_t i = 0; i < 3; ++i) {
    Request r;
    r.id = i;
    r.messages = {{"user", std::to_string(i)}};
    REQUIRE(g->submit(r).ok());
  }
  CHECK(g->wait()->at(0).id == 2);
  CHECK(g->wait()->at(0).text == "1");
  CHECK(log->answered == 2);
  CHECK(log->most_in_flight == 3);
}
