#include "tools/train/adapter.h"

#include <map>

#include "lib/base/hash.h"

namespace rm::traincli {
using weightfile::LoraFile;
using weightfile::LoraModule;
using weightfile::TensorInfo;

Result<std::unique_ptr<LoraFile>> open_adapter(RunOptions& o, const weightfile::ModelConfig& base) {
  RM_ASSIGN(auto adapter, LoraFile::open(o.adapter));
  RM_TRY(adapter->check_against(base));
  const auto layers = static_cast<std::size_t>(base.layers);
  std::map<std::string, std::size_t> kinds;  // last part of the name: in how many layers
  for (const LoraModule& m : adapter->modules()) ++kinds[m.module.substr(m.module.rfind('.') + 1)];
  tune::LoraOptions& l = o.settings.lora;
  l.rank = adapter->config().r;
  l.alpha = adapter->config().scale * static_cast<double>(l.rank);
  l.targets.clear();
  for (const auto& [kind, count] : kinds) {
    if (count != layers) {
      return make_error(Exit::kModel, "bad_adapter",
                        "adapts " + kind + " in " + std::to_string(count) + " of " + std::to_string(layers) +
                            " layers; only one that adapts it in all of them can be trained on",
                        o.adapter);
    }
    l.targets.push_back(kind);
  }
  return adapter;
}

Result<void> put_adapter(const LoraFile& adapter, tune::Trainer& trainer) {
  const auto put = [&](const std::string& name, const TensorInfo& t) -> Result<void> {
    const auto index = tune::find_state(trainer.state(), name);
    if (!index) return make_error(Exit::kBug, "no_tensor", "the trainer has no tensor " + name);
    RM_ASSIGN(const std::vector<float> x, adapter.floats(t));
    return trainer.write_state(*index, 0, x);
  };
  for (const LoraModule& m : adapter.modules()) {
    RM_TRY(put(m.module + ".lora_A.weight", m.a));
    RM_TRY(put(m.module + ".lora_B.weight", m.b));
  }
  return {};
}

Result<std::string> adapter_hash(const LoraFile& adapter) {
  ContentHash hash;
  for (const LoraModule& m : adapter.modules()) {
    hash.add(m.module);
    for (const TensorInfo* t : {&m.a, &m.b}) {
      RM_ASSIGN(const std::vector<float> x, adapter.floats(*t));
      hash.add(std::string_view(reinterpret_cast<const char*>(x.data()), x.size() * sizeof(float)));
    }
  }
  return hex64(hash.digest());
}

}  // namespace rm::traincli
