// A model of tests/golden/model, unpacked for one test.
#pragma once

#include <stdlib.h>

#include <cstdlib>
#include <filesystem>
#include <stdexcept>
#include <string>

namespace rm::tests {

namespace fs = std::filesystem;

// A pack unpacked into a folder of its own, gone at the end.
class Pack {
 public:
  explicit Pack(const std::string& name) {
    char pattern[] = "/tmp/rm-pack-XXXXXX";
    if (mkdtemp(pattern) == nullptr) throw std::runtime_error("no folder for a test");
    root_ = pattern;
    const std::string from = std::string(RM_SOURCE_DIR) + "/tests/golden/model/" + name + ".tar.gz";
    if (std::system(("tar -xzf '" + from + "' -C '" + root_.string() + "'").c_str()) != 0)
      throw std::runtime_error("cannot unpack " + from);
    folder_ = root_ / name;
  }
  ~Pack() { fs::remove_all(root_); }
  std::string folder() const { return folder_.string(); }
  std::string model() const {
    return fs::exists(folder_ / "model.gguf") ? (folder_ / "model.gguf").string() : folder_.string();
  }

 private:
  fs::path root_, folder_;
};

}  // namespace rm::tests
