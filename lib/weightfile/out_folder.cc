#include "lib/weightfile/out_folder.h"

#include <algorithm>
#include <filesystem>
#include <string_view>
#include <vector>

#include "lib/base/escape.h"
#include "lib/base/fd.h"
#include "lib/base/folders.h"
#include "lib/base/number.h"

namespace rm::weightfile {
namespace {

constexpr std::string_view kPrefix = "model-", kOf = "-of-", kSuffix = ".safetensors";
constexpr std::size_t kDigits = 5;

bool all_digits(std::string_view s) {
  return !s.empty() && std::all_of(s.begin(), s.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_shard(std::string_view s) {
  if (s.size() != kPrefix.size() + kDigits + kOf.size() + kDigits + kSuffix.size()) return false;
  if (!s.starts_with(kPrefix) || !s.ends_with(kSuffix) || s.substr(kPrefix.size() + kDigits, kOf.size()) != kOf)
    return false;
  return all_digits(s.substr(kPrefix.size(), kDigits)) &&
         all_digits(s.substr(kPrefix.size() + kDigits + kOf.size(), kDigits));
}

// What is left of `s` before ".tmp-123-0", as AtomicFile names unfinished files; `s` itself for any other name.
std::string_view without_temporary_suffix(std::string_view s) {
  const std::size_t at = s.rfind(".tmp-");
  if (at == s.npos) return s;
  const std::string_view rest = s.substr(at + 5);
  const std::size_t dash = rest.find('-');
  const bool ours = dash != rest.npos && all_digits(rest.substr(0, dash)) && all_digits(rest.substr(dash + 1));
  return ours ? s.substr(0, at) : s;
}

}  // namespace

std::string shard_name(std::size_t index, std::size_t count) {
  return std::string(kPrefix) + format_padded(index + 1, kDigits) + std::string(kOf) + format_padded(count, kDigits) +
         std::string(kSuffix);
}

Result<void> refuse_own_folder(const std::string& folder, const std::string& base) {
  const auto from = fd::kind_of_path(base), to = fd::kind_of_path(folder);
  if (!from || !to || !from->folder || from->device != to->device || from->inode != to->inode) return {};
  return make_error(Exit::kUsage, "same_folder",
                    "holds the model that this run begins from, which would be lost; choose another folder",
                    escape_text(folder));
}

Result<void> refuse_model_folder(const std::string& folder) {
  constexpr const char* kTexts[] = {"config.json", "tokenizer.json", "tokenizer_config.json", kAdapterConfig,
                                    kWeightsIndex};
  constexpr std::string_view kKinds[] = {".safetensors", ".gguf", ".bin"};
  const auto there = fd::kind_of_path(folder);
  if (!there || !there->folder) return {};
  std::string found;
  std::error_code error;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    const bool text = std::find(std::begin(kTexts), std::end(kTexts), name) != std::end(kTexts);
    const bool weights = std::ranges::any_of(kKinds, [&](std::string_view k) { return name.ends_with(k); });
    if ((text || weights) && (found.empty() || name < found)) found = name;
  }
  if (error) return fd::system_error(Exit::kIo, error.value(), "cannot list the folder", folder);
  if (found.empty()) return {};
  return make_error(Exit::kUsage, "foreign",
                    "holds " + escape_text(found) +
                        " and no checkpoint: somebody's model, which this run would write over; choose another folder",
                    escape_text(folder));
}

Result<void> clear_out_folder(const std::string& folder) {
  RM_TRY(make_folder(folder));
  constexpr const char* kNames[] = {kWeightsIndex, kSingleWeights, kAdapterWeights, kAdapterConfig};
  bool removed = false;
  for (const char* name : kNames) {
    RM_ASSIGN(const bool there, remove_file(folder + "/" + name));
    removed = removed || there;
  }
  if (removed) RM_TRY(sync_folder(folder));
  std::error_code error;
  std::vector<std::string> parts;
  for (std::filesystem::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    const std::string_view stem = without_temporary_suffix(name);
    const bool named = std::find(std::begin(kNames), std::end(kNames), stem) != std::end(kNames);
    if (is_shard(stem) || (named && stem.size() < name.size())) parts.push_back(name);
  }
  if (error) return fd::system_error(Exit::kIo, error.value(), "cannot list the folder", folder);
  for (const std::string& name : parts) RM_TRY(remove_file(folder + "/" + name));
  return {};
}

}  // namespace rm::weightfile
