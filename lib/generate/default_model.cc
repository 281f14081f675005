// Which model is meant when none is named, and what a model is called in records.
#include <sys/stat.h>

#include <cstdlib>

#include "lib/generate/local.h"

namespace rm::generate {
namespace {

constexpr const char* kDefaultFile = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf";

std::string env(const char* name) {
  const char* v = std::getenv(name);
  return v != nullptr ? v : "";
}

std::string last_part(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? path : path.substr(slash + 1);
}

}  // namespace

Result<std::string> default_model() {
  if (std::string named = env("RM_MODEL"); !named.empty()) return named;
  std::string data = env("XDG_DATA_HOME");
  if (data.empty() || data.front() != '/') {
    const std::string home = env("HOME");
    if (home.empty()) {
      return make_error(Exit::kModel, "no_model",
                        "neither HOME nor XDG_DATA_HOME is set, so there is no default model; name one", "-m");
    }
    data = home + "/.local/share";
  }
  std::string path = data + "/rm-r1/models/" + kDefaultFile;
  struct stat st {};
  if (stat(path.c_str(), &st) != 0) {
    return make_error(
        Exit::kModel, "no_model",
        "the default model is not there: fetch it with `make model` in the source folder, or name one with -m", path);
  }
  return path;
}

std::string model_label(const EngineOptions& o) {
  std::string label = last_part(o.model);
  constexpr std::string_view kSuffix = ".gguf";
  if (label.size() > kSuffix.size() && label.ends_with(kSuffix)) label.resize(label.size() - kSuffix.size());
  if (!o.adapter.empty()) label += "+" + last_part(o.adapter);
  return label;
}

}  // namespace rm::generate
