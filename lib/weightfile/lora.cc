#include "lib/weightfile/lora.h"

#include <algorithm>
#include <cmath>

#include "lib/base/escape.h"
#include "lib/base/fd.h"
#include "lib/base/limits.h"
#include "lib/weightfile/fields.h"
#include "lib/weightfile/safetensors.h"
#include "lib/weightfile/tensor_read.h"

namespace rm::weightfile {
namespace {

constexpr const char* kConfigName = "adapter_config.json";
constexpr const char* kWeightsName = "adapter_model.safetensors";
constexpr std::int64_t kMaxRank = 4096;

Error bad_tensor(const std::string& file, std::string_view tensor, std::string message) {
  return make_error(Exit::kModel, "bad_adapter", std::move(message), file + ": tensor " + escape_text(tensor));
}

void refuse_variants(Fields& f) {
  if (const std::string kind = f.text("peft_type", "LORA"); kind != "LORA")
    f.refuse("peft_type", "is \"" + escape_text(kind, 40) + "\"; only LORA is supported");
  if (f.boolean("use_dora", false)) f.refuse("use_dora", "is true; DoRA is not supported");
  if (const std::string bias = f.text("bias", "none"); bias != "none")
    f.refuse("bias", "is \"" + escape_text(bias, 40) + "\"; trained biases are not supported");
  if (f.boolean("lora_bias", false)) f.refuse("lora_bias", "is true; biases of the adapter are not supported");
  if (f.boolean("fan_in_fan_out", false)) f.refuse("fan_in_fan_out", "is true; transposed weights are not supported");
  for (const char* key : {"modules_to_save", "rank_pattern", "alpha_pattern", "trainable_token_indices",
                          "layer_replication", "target_parameters", "alora_invocation_tokens"})
    if (const auto v = f.find(key); v && (v->size() > 0 || !(v->is(json::Type::kArray) || v->is(json::Type::kObject))))
      f.refuse(key, "is used, which is not supported");
}

std::uint64_t u(std::int64_t v) { return static_cast<std::uint64_t>(v); }

}  // namespace

Result<LoraConfig> lora_config_from_json(std::string_view text) {
  json::Document doc;
  RM_ASSIGN(const json::Value top, parse_object(doc, text, kConfigName));
  Fields f(top);
  LoraConfig c;
  refuse_variants(f);
  c.r = f.integer("r");
  if (c.r < 1 || c.r > kMaxRank)
    f.refuse("r", "is " + std::to_string(c.r) + "; expected 1 to " + std::to_string(kMaxRank));
  const double alpha = f.number("lora_alpha");
  if (!(std::abs(alpha) <= 1e6)) f.refuse("lora_alpha", "is out of range");
  const double r = static_cast<double>(std::max<std::int64_t>(c.r, 1));
  c.scale = alpha / (f.boolean("use_rslora", false) ? std::sqrt(r) : r);
  if (const auto t = f.find("target_modules"); t && t->is(json::Type::kArray)) c.targets = f.texts("target_modules");
  c.base_model = f.text("base_model_name_or_path", "");
  if (auto ok = f.status(); !ok) {
    Error e = ok.error();
    e.where = kConfigName;
    return e;
  }
  return c;
}

Result<std::vector<LoraModule>> pair_lora(std::span<const TensorInfo> tensors, const LoraConfig& c,
                                          const std::string& file) {
  constexpr std::string_view kPrefix = "base_model.model.", kA = ".lora_A.weight", kB = ".lora_B.weight";
  std::vector<LoraModule> out;
  std::vector<const TensorInfo*> sorted;  // A of a module directly before its B
  for (const TensorInfo& t : tensors) {
    const std::string_view n = t.name;
    if (!n.starts_with(kPrefix) || (!n.ends_with(kA) && !n.ends_with(kB)) || n.size() <= kPrefix.size() + kA.size())
      return bad_tensor(file, n, "is not base_model.model.<module>.lora_A.weight or lora_B.weight");
    sorted.push_back(&t);
  }
  std::sort(sorted.begin(), sorted.end(), [](const TensorInfo* a, const TensorInfo* b) { return a->name < b->name; });
  for (std::size_t i = 0; i < sorted.size(); ++i) {
    const TensorInfo& t = *sorted[i];
    const std::string_view n = t.name;
    const bool is_a = n.ends_with(kA);
    const std::string_view module = n.substr(kPrefix.size(), n.size() - kPrefix.size() - kA.size());
    const std::string partner = std::string(kPrefix) + std::string(module) + std::string(is_a ? kB : kA);
    if (!is_a || i + 1 == sorted.size() || sorted[i + 1]->name != partner)
      return bad_tensor(file, n, "has no partner " + partner);
    const TensorInfo& b = *sorted[++i];
    if (t.shape.size() != 2 || t.shape[0] != u(c.r))
      return bad_tensor(file, n, "has shape " + shape_text(t.shape) + "; expected [" + std::to_string(c.r) + ", in]");
    if (b.shape.size() != 2 || b.shape[1] != u(c.r))
      return bad_tensor(file, b.name,
                        "has shape " + shape_text(b.shape) + "; expected [out, " + std::to_string(c.r) + "]");
    out.push_back({std::string(module), t, b});
  }
  if (out.empty()) return make_error(Exit::kModel, "bad_adapter", "holds no adapter weights", file);
  return out;
}

struct LoraFile::Impl {
  std::string path;
  LoraConfig config;
  std::vector<LoraModule> modules;
  std::vector<OpenShard> files;
};

LoraFile::LoraFile(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
LoraFile::~LoraFile() = default;
const std::string& LoraFile::path() const { return impl_->path; }
const LoraConfig& LoraFile::config() const { return impl_->config; }
std::span<const LoraModule> LoraFile::modules() const { return impl_->modules; }

Result<std::unique_ptr<LoraFile>> LoraFile::open(const std::string& folder) {
  auto impl = std::make_unique<Impl>();
  impl->path = folder;
  RM_ASSIGN(const std::string text, fd::read_file(folder + "/" + kConfigName, limits::kConfigBytes, Exit::kModel));
  auto config = lora_config_from_json(text);
  if (!config) {
    Error e = config.error();
    e.where = folder + "/" + e.where;
    return e;
  }
  impl->config = *std::move(config);
  RM_ASSIGN(OpenShard shard, open_shard(folder + "/" + kWeightsName));
  RM_ASSIGN(const std::vector<TensorInfo> tensors, read_safetensors(shard.fd.number(), shard.path, 0));
  RM_ASSIGN(impl->modules, pair_lora(tensors, impl->config, shard.path));
  impl->files.push_back(std::move(shard));
  return std::unique_ptr<LoraFile>(new LoraFile(std::move(impl)));
}

Result<void> LoraFile::read(const TensorInfo& t, std::uint64_t begin, std::span<std::byte> dst) const {
  return read_tensor(impl_->files, t, begin, dst);
}

Result<std::vector<float>> LoraFile::floats(const TensorInfo& t) const {
  std::vector<std::byte> raw(t.bytes);
  std::vector<float> values(t.shape[0] * t.shape[1]);
  RM_TRY(read(t, 0, raw));
  dequantise(t.dtype, raw, values);
  return values;
}

Result<void> LoraFile::check_against(const ModelConfig& base) const {
  const std::vector<Planned> wanted = plan(base);
  for (const LoraModule& m : impl_->modules) {
    const std::string weight = m.module + ".weight";
    const auto p = std::find_if(wanted.begin(), wanted.end(), [&](const Planned& w) { return w.name == weight; });
    const bool linear = p != wanted.end() && p->shape.size() == 2 && m.module != "model.embed_tokens";
    if (!linear)
      return bad_tensor(impl_->path, m.a.name,
                        "belongs to no linear layer of this " + std::string(name(base.arch)) + " model");
    if (m.a.shape[1] != p->shape[1] || m.b.shape[0] != p->shape[0])
      return bad_tensor(impl_->path, m.a.name,
                        "adapts a layer of [" + std::to_string(m.b.shape[0]) + ", " + std::to_string(m.a.shape[1]) +
                            "]; the model's is " + shape_text(p->shape) + ": it was trained for another model");
  }
  return {};
}

}  // namespace rm::weightfile
