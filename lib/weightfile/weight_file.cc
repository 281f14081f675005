#include "lib/weightfile/weight_file.h"

#include <algorithm>

#include "lib/base/escape.h"
#include "lib/base/fd.h"
#include "lib/base/limits.h"
#include "lib/weightfile/folder.h"
#include "lib/weightfile/gguf.h"
#include "lib/weightfile/gguf_model.h"
#include "lib/weightfile/tensor_read.h"
#include "lib/weightfile/tokenizer_gguf.h"
#include "lib/weightfile/tokenizer_json.h"

namespace rm::weightfile {
namespace {

class FolderFile : public WeightFile {
 public:
  FolderFile(std::string path, ModelConfig config, FolderWeights weights)
      : path_(std::move(path)), config_(std::move(config)), weights_(std::move(weights)) {}
  const std::string& path() const override { return path_; }
  const ModelConfig& config() const override { return config_; }
  std::span<const TensorInfo> tensors() const override { return weights_.tensors; }
  Result<void> read(const TensorInfo& t, std::uint64_t begin, std::span<std::byte> dst) const override {
    return read_tensor(weights_.files, t, begin, dst);
  }
  Result<TextSource> text() const override { return read_folder_text(path_, config_); }

 private:
  std::string path_;
  ModelConfig config_;
  FolderWeights weights_;
};

class GgufFile : public WeightFile {
 public:
  GgufFile(std::string path, ModelConfig config, std::vector<TensorInfo> tensors, gguf::File file)
      : config_(std::move(config)),
        tensors_(std::move(tensors)),
        head_(std::move(file.head)),
        header_(std::move(file.header)) {
    files_.push_back({std::move(path), std::move(file.fd)});
  }
  const std::string& path() const override { return files_.front().path; }
  const ModelConfig& config() const override { return config_; }
  std::span<const TensorInfo> tensors() const override { return tensors_; }
  Result<void> read(const TensorInfo& t, std::uint64_t begin, std::span<std::byte> dst) const override {
    return read_tensor(files_, t, begin, dst);
  }
  Result<TextSource> text() const override { return gguf::text_source(header_, path()); }

 private:
  ModelConfig config_;
  std::vector<TensorInfo> tensors_;
  std::vector<std::byte> head_;  // what header_ views
  gguf::Header header_;
  std::vector<OpenShard> files_;
};

Result<std::unique_ptr<WeightFile>> open_folder(const std::string& path) {
  const std::string config_path = path + "/config.json";
  if (!fd::kind_of_path(config_path))
    return make_error(Exit::kModel, "no_config",
                      "the folder holds no config.json; expected a Hugging Face model folder or a .gguf file", path);
  RM_ASSIGN(const std::string text, fd::read_file(config_path, limits::kConfigBytes, Exit::kModel));
  std::string generation;
  const std::string generation_path = path + "/generation_config.json";
  if (fd::kind_of_path(generation_path)) {
    RM_ASSIGN(generation, fd::read_file(generation_path, limits::kConfigBytes, Exit::kModel));
  }
  auto config = config_from_json(text, generation);
  if (!config) {
    Error e = config.error();
    e.where = path + "/" + e.where;
    return e;
  }
  RM_ASSIGN(FolderWeights weights, open_folder_weights(path));
  return std::unique_ptr<WeightFile>(std::make_unique<FolderFile>(path, *std::move(config), std::move(weights)));
}

Result<std::vector<float>> read_rope_factors(const gguf::File& f, const std::string& path) {
  std::vector<float> out;
  for (const gguf::Tensor& t : f.header.tensors()) {
    if (t.name != gguf::kRopeFactors) continue;
    constexpr std::uint64_t kMostFactors = 4096;
    if (t.dtype != DType::kF32 || t.shape.size() != 1 || t.shape[0] > kMostFactors)
      return make_error(Exit::kModel, "bad_gguf", "expected one row of F32 factors",
                        path + ": tensor " + escape_text(t.name));
    out.resize(t.shape[0]);
    RM_TRY(fd::read_at(f.fd.number(), t.offset, std::as_writable_bytes(std::span(out)), path));
  }
  return out;
}

Result<std::unique_ptr<WeightFile>> open_gguf(const std::string& path) {
  RM_ASSIGN(gguf::File f, gguf::open(path));
  RM_ASSIGN(const Arch arch, gguf::architecture(f.header, path));
  RM_TRY(gguf::refuse_split(f.header, path));
  RM_ASSIGN(const std::vector<float> factors, read_rope_factors(f, path));
  RM_ASSIGN(ModelConfig config, gguf::config(f.header, factors, path));
  RM_ASSIGN(std::vector<TensorInfo> tensors, gguf::tensors(f.header, arch, path));
  return std::unique_ptr<WeightFile>(
      std::make_unique<GgufFile>(path, std::move(config), std::move(tensors), std::move(f)));
}

}  // namespace

Result<std::unique_ptr<WeightFile>> WeightFile::open(const std::string& path) {
  const auto kind = fd::kind_of_path(path);
  if (!kind)
    return make_error(Exit::kModel, "no_file",
                      "there is no such model; expected a folder with config.json or a .gguf file", path);
  if (kind->folder) return open_folder(path);
  if (!kind->regular) return make_error(Exit::kModel, "bad_weights", "is neither a folder nor a regular file", path);
  RM_ASSIGN(const OpenShard file, open_shard(path));
  std::byte first[4] = {};
  const auto magic = std::span(first).first(std::min<std::size_t>(sizeof first, kind->size));
  RM_TRY(fd::read_at(file.fd.number(), 0, magic, path));
  const bool named_gguf = path.ends_with(".gguf");
  if (named_gguf ||
      (magic.size() == 4 && std::equal(magic.begin(), magic.end(), std::as_bytes(std::span("GGUF")).begin())))
    return open_gguf(path);
  if (path.ends_with(".safetensors"))
    return make_error(Exit::kModel, "bad_weights", "give the folder that holds this file and config.json", path);
  if (looks_like_pickle(path, magic)) return pickle_error(path);
  return make_error(Exit::kModel, "bad_weights",
                    "is no GGUF file (its first bytes are other); expected a .gguf file or a Hugging Face model folder",
                    path);
}

const TensorInfo* WeightFile::find(std::string_view name) const {
  const std::span<const TensorInfo> all = tensors();
  const auto at = std::lower_bound(all.begin(), all.end(), name,
                                   [](const TensorInfo& t, std::string_view n) { return t.name < n; });
  return at != all.end() && at->name == name ? &*at : nullptr;
}

}  // namespace rm::weightfile
