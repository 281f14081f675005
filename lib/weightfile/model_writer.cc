#include "lib/weightfile/model_writer.h"

#include <algorithm>
#include <map>
#include <vector>

#include "lib/base/atomic_file.h"
#include "lib/base/checked.h"
#include "lib/base/escape.h"
#include "lib/base/json.h"
#include "lib/weightfile/model_texts.h"
#include "lib/weightfile/out_folder.h"
#include "lib/weightfile/safetensors_write.h"

namespace rm::weightfile {
namespace {

struct Shards {
  std::vector<std::vector<TensorPlan>> files;
  std::uint64_t bytes = 0, parameters = 0;
};

// In load order a file is filled until the next tensor would be too much, as huggingface_hub splits; inside it tensors
// go by name, as the safetensors library writes them.
Result<Shards> split(const ModelConfig& c, const ModelWriteOptions& o) {
  Shards out;
  std::uint64_t in_file = 0;
  for (const Planned& p : plan(c)) {
    const auto elements = checked_product(p.shape);
    const auto bytes = elements ? checked_mul<std::uint64_t>(*elements, block_bytes(o.dtype)) : std::nullopt;
    const auto all = bytes ? checked_add(out.bytes, *bytes) : std::nullopt;
    if (!all)
      return make_error(Exit::kModel, "bad_config", "tensor " + escape_text(p.name) + " is larger than any file");
    if (out.files.empty() || in_file + *bytes > o.shard_bytes) {
      out.files.emplace_back();
      in_file = 0;
    }
    out.files.back().push_back({p.name, o.dtype, p.shape});
    in_file += *bytes;
    out.bytes = *all;
    out.parameters += *elements;
  }
  for (auto& file : out.files)
    std::sort(file.begin(), file.end(), [](const TensorPlan& a, const TensorPlan& b) { return a.name < b.name; });
  return out;
}

std::string index_json(const Shards& shards) {
  std::map<std::string_view, std::string> files;
  for (std::size_t i = 0; i < shards.files.size(); ++i)
    for (const TensorPlan& t : shards.files[i]) files[t.name] = shard_name(i, shards.files.size());
  std::string out = "{\n  \"metadata\": {\"total_parameters\": " + std::to_string(shards.parameters) +
                    ", \"total_size\": " + std::to_string(shards.bytes) + "},\n  \"weight_map\": {";
  const char* comma = "\n";
  for (const auto& [tensor, file] : files) {
    out += comma + std::string("    ");
    json::append_string(out, tensor);
    out += ": \"" + file + "\"";
    comma = ",\n";
  }
  return out + "\n  }\n}\n";
}

}  // namespace

Result<void> write_model(const std::string& folder, const WeightFile& base, const ModelWriteOptions& o,
                         const ReadModel& read) {
  if (o.dtype != DType::kBF16 && o.dtype != DType::kF32)
    return make_error(Exit::kBug, "bad_write", std::string("models are stored as F32 or BF16, not ") + name(o.dtype));
  RM_TRY(refuse_own_folder(folder, base.path()));
  RM_ASSIGN(const Shards shards, split(base.config(), o));
  RM_ASSIGN(const std::vector<TextFile> texts, model_texts(base, o.dtype));
  RM_TRY(clear_out_folder(folder));
  RM_TRY(put_texts(folder, texts));
  const bool single = shards.files.size() == 1;
  for (std::size_t i = 0; i < shards.files.size(); ++i) {
    const std::string path = folder + "/" + (single ? kSingleWeights : shard_name(i, shards.files.size()));
    const auto part = [&](std::size_t t, std::uint64_t first, std::span<float> to) {
      return read(shards.files[i][t].name, first, to);
    };
    RM_TRY(write_safetensors(path, shards.files[i], part));
  }
  if (single) return {};
  return write_file_atomically(folder + "/" + kWeightsIndex, index_json(shards));
}

}  // namespace rm::weightfile
