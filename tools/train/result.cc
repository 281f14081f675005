#include "tools/train/result.h"

#include "lib/weightfile/model_writer.h"

namespace rm::traincli {

bool leaves_adapter(const RunOptions& o) { return o.settings.lora.rank > 0 && !o.merge; }

Result<void> write_result(const RunOptions& o, const std::string& folder, const weightfile::WeightFile& base,
                          const tune::Trainer& trainer) {
  const tune::LoraOptions& l = o.settings.lora;
  if (!leaves_adapter(o)) {
    weightfile::ModelWriteOptions w;
    w.dtype = trainer.info().dtype == "f32" ? weightfile::DType::kF32 : weightfile::DType::kBF16;
    return weightfile::write_model(folder, base, w,
                                   [&](const std::string& name, std::uint64_t first, std::span<float> to) {
                                     return trainer.read_model(name, first, to);
                                   });
  }
  const auto state = trainer.state();
  std::vector<weightfile::LoraTensor> tensors;
  constexpr std::string_view kA = ".lora_A.weight", kB = ".lora_B.weight";
  for (const tune::StateTensor& t : state) {
    if (t.slot != "weight" || !t.name.ends_with(kA)) continue;
    const std::string module = t.name.substr(0, t.name.size() - kA.size());
    const auto b = tune::find_state(state, module + std::string(kB));
    tensors.push_back({module, t.shape[1], state[*b].shape[0]});
  }
  return weightfile::write_adapter(folder, base.path(), l.rank, l.alpha, l.targets, tensors,
                                   [&](const std::string& name, std::uint64_t first, std::span<float> to) {
                                     return trainer.read_state(*tune::find_state(state, name), first, to);
                                   });
}

void add_trainer(json::Writer& w, const RunOptions& o, const tune::TrainerInfo& i) {
  w.member("parameters", i.parameters).member("trained", i.trained).member("device", std::string_view(i.device));
  w.member("dtype", std::string_view(i.dtype)).member("isa", std::string_view(i.isa));
  w.member("threads", static_cast<std::int64_t>(i.threads)).member("seed", o.common.seed);
}

}  // namespace rm::traincli
