#include "lib/model/load.h"

#include <malloc.h>

#include <cstdio>

#include "lib/base/free_memory.h"
#include "lib/model/adapter.h"
#include "lib/model/device.h"
#include "lib/model/layers.h"
#include "lib/model/torch_model.h"
#include "lib/model/weight_reader.h"
#include "lib/ops/cpu/pool.h"
#include "lib/weightfile/blocks.h"

namespace rm::model {
namespace {

using weightfile::ModelConfig;
using weightfile::WeightFile;

std::string gigabytes(std::uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f GB", static_cast<double>(bytes) / 1e9);
  return text;
}

struct Precision {
  at::ScalarType compute;
  WeightReader::Keep keep;
};

// auto: a file's blocks stay blocks where the device multiplies them, all else is bf16.
Result<Precision> choose_precision(const std::string& dtype, const ops::Backend& backend) {
  const at::ScalarType fast = backend.fast_bf16() ? at::kBFloat16 : at::kFloat;
  if (dtype == "auto")
    return Precision{fast, backend.quantises() ? WeightReader::Keep::kStored : WeightReader::Keep::kFloats};
  if (dtype == "bf16") return Precision{at::kBFloat16, WeightReader::Keep::kFloats};
  if (dtype == "f32") return Precision{at::kFloat, WeightReader::Keep::kFloats};
  if (dtype == "int8" && backend.quantises()) return Precision{fast, WeightReader::Keep::kBlocks};
  return make_error(
      Exit::kUsage, "bad_dtype",
      "--dtype " + dtype + ": this device computes in f32 or bf16" + (backend.quantises() ? " or int8" : ""));
}

std::uint64_t bytes_needed(const WeightFile& file, const Precision& precision) {
  std::uint64_t n = 0;
  for (const weightfile::Planned& p : weightfile::plan(file.config())) {
    const weightfile::TensorInfo* t = file.find(p.name);
    if (t && !file.config().tied && p.name == kEmbeddingWeight) {
      n += t->bytes;  // kept as stored
      continue;
    }
    std::uint64_t elements = 1;
    for (const std::uint64_t d : p.shape) elements *= d;
    int bits = p.shape.size() > 1 ? 8 * static_cast<int>(c10::elementSize(precision.compute)) : 32;
    if (p.shape.size() > 1 && precision.keep != WeightReader::Keep::kFloats) {
      const int stored = t ? weightfile::quantised_bits(t->dtype) : 0;
      if (stored > 0 || precision.keep == WeightReader::Keep::kBlocks)
        bits = (stored > 0 ? stored : 8) + 1;  // and scales
    }
    n += elements * static_cast<std::uint64_t>(bits) / 8;
  }
  return n;
}

Result<void> check_memory(const WeightFile& file, const ops::Backend& backend, const Precision& precision) {
  if (!backend.device().is_cpu()) return {};
  const std::uint64_t need = bytes_needed(file, precision);
  const std::uint64_t free = free_memory();
  if (need + need / 20 <= free) return {};
  return make_error(
      Exit::kResources, "out_of_memory",
      "the weights need " + gigabytes(need) + " of memory" +
          (precision.keep == WeightReader::Keep::kFloats ? std::string(" in ") + dtype_name(precision.compute) : "") +
          " and " + gigabytes(free) + " are free" +
          (precision.compute == at::kFloat && precision.keep == WeightReader::Keep::kFloats
               ? ": try --dtype bf16 or a smaller model"
               : ": try a smaller model"),
      file.path());
}

// Reads Linears and lets the adapter, if there is one, wrap them.
class FileSource final : public WeightSource {
 public:
  FileSource(WeightReader& reader, Adapter* adapter, unsigned blocks)
      : reader_(reader), adapter_(adapter), blocks_(blocks) {}
  Result<std::unique_ptr<Linear>> linear(Kind kind, const std::vector<std::string>& modules, bool bias) override {
    RM_ASSIGN(auto base, reader_.linear(modules, bias, (blocks_ & kind) != 0));
    if (!adapter_) return base;
    return adapter_->wrap(std::move(base));
  }
  Result<std::unique_ptr<RowTable>> table(const std::string& module) override { return reader_.table(module); }
  Result<at::Tensor> vector(const std::string& name) override { return reader_.vector(name); }

 private:
  WeightReader& reader_;
  Adapter* adapter_;
  unsigned blocks_;
};

void warn(const WeightFile& file, const std::vector<NotFinite>& found) {
  if (found.empty()) return;
  std::uint64_t n = 0;
  for (const NotFinite& f : found) n += f.count;
  std::fprintf(stderr, "warning: %s: %llu weights in %zu tensors are infinite or NaN, first in tensor %s\n",
               file.path().c_str(), static_cast<unsigned long long>(n), found.size(), found.front().tensor.c_str());
}

Result<std::unique_ptr<StepModel>> load_on(const WeightFile& file, const generate::EngineOptions& o,
                                           ops::Backend& backend, unsigned blocks) {
  const ModelConfig& c = file.config();
  RM_ASSIGN(const Precision precision, choose_precision(o.dtype, backend));
  const at::ScalarType dtype = precision.compute;
  if (dtype == at::kBFloat16 && (c.hidden % 2 || c.ffn % 2 || c.head_dim % 2))
    return make_error(Exit::kModel, "bad_shape", "odd widths cannot run in bf16: use --dtype f32", file.path());
  RM_TRY(check_memory(file, backend, precision));
  WeightReader reader(file, backend, dtype, precision.keep);
  std::unique_ptr<weightfile::LoraFile> lora;
  std::optional<Adapter> adapter;
  if (!o.adapter.empty()) {
    RM_ASSIGN(lora, weightfile::LoraFile::open(o.adapter));
    RM_TRY(lora->check_against(c));
    adapter.emplace(*lora, backend, dtype);
  }
  FileSource source(reader, adapter ? &*adapter : nullptr, blocks);
  auto weights = std::make_unique<Weights>();
  RM_TRY(read_weights(source, c, *weights));
  if (adapter) RM_TRY(adapter->check_all_used());
  warn(file, reader.not_finite());
  const std::int64_t context = o.context > 0 ? std::min(o.context, c.context) : c.context;
  return std::unique_ptr<StepModel>(new TorchModel(c, std::move(weights), backend, dtype, context));
}

}  // namespace

void keep_freed_memory() {
  mallopt(M_MMAP_THRESHOLD, 32 << 20);
  mallopt(M_TRIM_THRESHOLD, 256 << 20);
}

Result<std::unique_ptr<StepModel>> load(const WeightFile& file, const generate::EngineOptions& o, unsigned blocks) {
  RM_TRY(weightfile::check_against_plan(file));
  keep_freed_memory();
  ops::cpu::set_threads(o.threads);
  RM_ASSIGN(ops::Backend* const backend, choose_backend(o.device));
  try {
    return load_on(file, o, *backend, blocks);
  } catch (const std::exception& e) {
    const std::string what = e.what();
    return make_error(Exit::kResources, "out_of_memory",
                      "the weights could not be stored: " + what.substr(0, what.find('\n')), file.path());
  }
}

}  // namespace rm::model
