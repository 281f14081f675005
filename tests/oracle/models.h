// Where the oracle's tests find models and data that the repository does not hold. Empty: not on this machine.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace oracle {

inline std::string existing(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::exists(path, ignored) ? path.string() : std::string();
}

// A file under $RM_SHARED, else under shared/ beside the repository.
inline std::string shared_file(const std::string& name) {
  if (const char* shared = std::getenv("RM_SHARED")) {
    for (const char* under : {"", "data"}) {
      if (auto found = existing(std::filesystem::path(shared) / under / name); !found.empty()) return found;
    }
    return {};
  }
  return existing(std::filesystem::path(RM_SOURCE_DIR) / "../shared/data" / name);
}

inline std::string model_file(const std::string& name) {
  if (const char* models = std::getenv("RM_TEST_MODELS")) return existing(std::filesystem::path(models) / name);
  std::filesystem::path data;
  if (const char* xdg = std::getenv("XDG_DATA_HOME"); xdg && *xdg) {
    data = xdg;
  } else if (const char* home = std::getenv("HOME")) {
    data = std::filesystem::path(home) / ".local/share";
  } else {
    return {};
  }
  return existing(data / "rm-r1/models" / name);
}

}  // namespace oracle
