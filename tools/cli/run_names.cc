#include "tools/cli/run_names.h"

#include <algorithm>
#include <string_view>

#include "lib/base/escape.h"

namespace rm::cli {
namespace {

std::string_view without_suffixes(std::string_view path) {
  for (const std::string_view suffix : {".zst", ".gz", ".jsonl", ".json"}) {
    if (path.size() > suffix.size() && path.ends_with(suffix)) path.remove_suffix(suffix.size());
  }
  return path;
}

std::string_view last_part(std::string_view path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

std::vector<std::string> run_names(const std::vector<std::string>& files) {
  std::vector<std::string> out;
  for (const std::string& f : files) {
    const std::string_view path = without_suffixes(f), name = last_part(path);
    const bool alone = std::ranges::count_if(files, [name](const std::string& other) {
                         return last_part(without_suffixes(other)) == name;
                       }) == 1;
    out.push_back(f == "-" ? "standard input" : escape_text(alone ? name : path, 80));
  }
  return out;
}

}  // namespace rm::cli
