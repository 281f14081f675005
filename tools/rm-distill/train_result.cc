#include "tools/rm-distill/train_result.h"

#include "lib/base/atomic_file.h"
#include "lib/base/json.h"
#include "lib/weightfile/model_writer.h"

namespace rm::rmdistill {

Result<void> write_result(const TrainOptions& o, const weightfile::WeightFile& base, const tune::Trainer& trainer) {
  const tune::LoraOptions& l = o.settings.lora;
  if (l.rank == 0 || o.merge) {
    weightfile::ModelWriteOptions w;
    w.dtype = trainer.info().dtype == "f32" ? weightfile::DType::kF32 : weightfile::DType::kBF16;
    return weightfile::write_model(o.common.out, base, w,
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
  return weightfile::write_adapter(o.common.out, base.path(), l.rank, l.alpha, l.targets, tensors,
                                   [&](const std::string& name, std::uint64_t first, std::span<float> to) {
                                     return trainer.read_state(*tune::find_state(state, name), first, to);
                                   });
}

Result<void> write_summary(const TrainOptions& o, const Chains& c, const TrainRun& run, const tune::Fit& fit,
                           const tune::TrainerInfo& i, double seconds) {
  if (o.common.summary.empty()) return {};
  std::string out;
  json::Writer w(out);
  w.begin_object().member("records", c.records).member("learned", static_cast<std::uint64_t>(c.learn.size()));
  w.member("validated", static_cast<std::uint64_t>(c.validate.size())).key("left_out").begin_object();
  for (const auto& [reason, n] : c.left_out) w.member(reason, n);
  w.end_object().member("steps", fit.place().step).member("total_steps", fit.total_steps());
  if (run.last_step()) w.member("loss", run.last_step()->loss);
  const auto validation = [&](const char* key, const std::optional<metrics::Validation>& v) {
    if (!v) return;
    w.key(key)
        .begin_object()
        .member("step", v->step)
        .member("loss", v->loss)
        .member("token_accuracy", v->token_accuracy);
    w.member("parsed", v->parsed).member("verdict_accuracy", v->verdict_accuracy).end_object();
  };
  validation("first_validation", run.first_validation());
  validation("last_validation", run.last_validation());
  w.member("tokens", run.tokens()).member("step_seconds", run.step_seconds()).member("seconds", seconds);
  w.member("parameters", i.parameters).member("trained", i.trained).member("device", std::string_view(i.device));
  w.member("dtype", std::string_view(i.dtype)).member("isa", std::string_view(i.isa));
  w.member("threads", static_cast<std::int64_t>(i.threads)).member("seed", o.common.seed);
  w.end_object();
  return write_file_atomically(o.common.summary, out + "\n");
}

}  // namespace rm::rmdistill
