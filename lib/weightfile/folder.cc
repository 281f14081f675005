#include "lib/weightfile/folder.h"

#include <algorithm>
#include <iterator>

#include "lib/base/escape.h"
#include "lib/base/limits.h"
#include "lib/weightfile/fields.h"
#include "lib/weightfile/safetensors.h"

namespace rm::weightfile {
namespace {

constexpr const char* kSingle = "model.safetensors";
constexpr const char* kIndex = "model.safetensors.index.json";
constexpr std::size_t kMaxShards = 1024;

Error bad(const std::string& where, std::string message) {
  return make_error(Exit::kModel, "bad_index", std::move(message), where);
}

bool is_plain_name(std::string_view s) {
  return s.size() <= 255 && s.ends_with(".safetensors") && !s.starts_with('.') &&
         std::all_of(s.begin(), s.end(), [](unsigned char c) { return c > 0x20 && c < 0x7F && c != '/' && c != '\\'; });
}

bool by_name(const TensorInfo& a, const TensorInfo& b) { return a.name < b.name; }

std::vector<std::string> shard_names(const std::vector<IndexEntry>& index) {
  std::vector<std::string> names;
  for (const auto& entry : index) names.push_back(entry.second);
  std::sort(names.begin(), names.end());
  names.erase(std::unique(names.begin(), names.end()), names.end());
  return names;
}

// Index and shards must name the same tensors in the same files.
Result<void> compare(const std::vector<IndexEntry>& index, const FolderWeights& w,
                     const std::vector<std::string>& shards, const std::string& where) {
  const auto twin = std::adjacent_find(w.tensors.begin(), w.tensors.end(),
                                       [](const TensorInfo& a, const TensorInfo& b) { return a.name == b.name; });
  if (twin != w.tensors.end())
    return bad(where, "tensor " + escape_text(twin->name) + " is in two shards, " + shards[twin->file] + " and " +
                          shards[std::next(twin)->file]);
  for (const auto& entry : index) {
    const auto at = std::lower_bound(w.tensors.begin(), w.tensors.end(), entry.first,
                                     [](const TensorInfo& t, const std::string& n) { return t.name < n; });
    if (at == w.tensors.end() || at->name != entry.first || shards[at->file] != entry.second)
      return bad(where, "tensor " + escape_text(entry.first) + " is missing from " + entry.second +
                            ", where the index has it");
  }
  if (index.size() == w.tensors.size()) return {};
  for (const TensorInfo& t : w.tensors) {
    const auto at = std::lower_bound(index.begin(), index.end(), t.name,
                                     [](const IndexEntry& e, const std::string& n) { return e.first < n; });
    if (at == index.end() || at->first != t.name)
      return bad(where, "tensor " + escape_text(t.name) + " of " + shards[t.file] + " is not in the index");
  }
  return {};
}

Result<void> add_shard(const std::string& path, FolderWeights& w) {
  RM_ASSIGN(OpenShard shard, open_shard(path));
  RM_ASSIGN(const std::vector<TensorInfo> tensors, read_safetensors(shard.fd.number(), path, w.files.size()));
  if (w.tensors.size() + tensors.size() > limits::kTensors)
    return bad(path, "the model has more than " + std::to_string(limits::kTensors) + " tensors");
  w.tensors.insert(w.tensors.end(), tensors.begin(), tensors.end());
  w.files.push_back(std::move(shard));
  return {};
}

Error no_weights(const std::string& folder) {
  for (const char* pickle : {"pytorch_model.bin", "pytorch_model.bin.index.json", "consolidated.00.pth", "model.pt"})
    if (fd::kind_of_path(folder + "/" + pickle)) return pickle_error(folder + "/" + pickle);
  return make_error(Exit::kModel, "no_weights", std::string("the folder holds neither ") + kSingle + " nor " + kIndex,
                    folder);
}

}  // namespace

Result<std::vector<IndexEntry>> parse_index(std::string_view text, const std::string& name) {
  json::Document doc;
  RM_ASSIGN(const json::Value top, parse_object(doc, text, name));
  const auto map = top.find("weight_map");
  if (!map || !map->is(json::Type::kObject)) return bad(name, "\"weight_map\" is missing or no object");
  if (map->size() > limits::kTensors)
    return bad(name, "\"weight_map\" has more than " + std::to_string(limits::kTensors) + " tensors");
  std::vector<IndexEntry> out;
  std::optional<Error> error;
  map->each_member([&](std::string_view tensor, json::Value v) {
    if (error) return;
    const auto file = v.string();
    if (!file || !is_plain_name(*file))
      error = bad(name, "tensor " + escape_text(tensor) + " is said to be in " + shown(v) +
                            "; expected the plain name of a .safetensors file in this folder");
    else
      out.emplace_back(tensor, *file);
  });
  if (error) return *error;
  if (out.empty()) return bad(name, "\"weight_map\" is empty");
  std::sort(out.begin(), out.end());
  return out;
}

Result<FolderWeights> open_folder_weights(const std::string& folder) {
  FolderWeights w;
  const std::string index_path = folder + "/" + kIndex;
  if (!fd::kind_of_path(index_path)) {
    if (!fd::kind_of_path(folder + "/" + kSingle)) return no_weights(folder);
    RM_TRY(add_shard(folder + "/" + kSingle, w));
    std::sort(w.tensors.begin(), w.tensors.end(), by_name);
    return w;
  }
  RM_ASSIGN(const std::string text, fd::read_file(index_path, limits::kConfigBytes, Exit::kModel));
  RM_ASSIGN(const std::vector<IndexEntry> index, parse_index(text, index_path));
  const std::vector<std::string> shards = shard_names(index);
  if (shards.size() > kMaxShards) return bad(index_path, "names more than " + std::to_string(kMaxShards) + " files");
  for (const std::string& s : shards) RM_TRY(add_shard(folder + "/" + s, w));
  std::sort(w.tensors.begin(), w.tensors.end(), by_name);
  RM_TRY(compare(index, w, shards, index_path));
  return w;
}

}  // namespace rm::weightfile
