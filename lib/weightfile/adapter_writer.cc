// An adapter as PEFT saves it.
#include <algorithm>
#include <cmath>
#include <vector>

#include "lib/base/atomic_file.h"
#include "lib/base/json.h"
#include "lib/weightfile/model_writer.h"
#include "lib/weightfile/out_folder.h"
#include "lib/weightfile/safetensors_write.h"

namespace rm::weightfile {
namespace {

constexpr std::string_view kPrefix = "base_model.model.";

// The members of peft's LoraConfig that say what is computed; the others' defaults change nothing.
std::string config_json(const std::string& base_model, std::int64_t rank, double alpha,
                        std::span<const std::string> targets) {
  std::vector<std::string> sorted(targets.begin(), targets.end());
  std::sort(sorted.begin(), sorted.end());
  std::string out;
  json::Writer w(out);
  w.begin_object().key("alpha_pattern").begin_object().end_object();
  w.key("auto_mapping").null().member("base_model_name_or_path", base_model).member("bias", "none");
  w.member("fan_in_fan_out", false).member("inference_mode", true).member("init_lora_weights", true);
  w.key("lora_alpha");
  if (std::abs(alpha) < 1e9 && alpha == std::floor(alpha)) {
    w.value(static_cast<std::int64_t>(alpha));
  } else {
    w.value(alpha);
  }
  w.member("lora_bias", false).member("lora_dropout", 0.0).key("modules_to_save").null();
  w.member("peft_type", "LORA").member("r", rank).key("rank_pattern").begin_object().end_object();
  w.key("revision").null().key("target_modules").begin_array();
  for (const std::string& t : sorted) w.value(t);
  w.end_array().member("task_type", "CAUSAL_LM").member("use_dora", false).member("use_rslora", false).end_object();
  return out + "\n";
}

}  // namespace

Result<void> write_adapter(const std::string& folder, const std::string& base_model, std::int64_t rank, double alpha,
                           std::span<const std::string> targets, std::span<const LoraTensor> tensors,
                           const ReadModel& read) {
  if (rank < 1 || !std::isfinite(alpha) || targets.empty() || tensors.empty())
    return make_error(Exit::kBug, "bad_write", "an adapter needs a rank, an alpha, targets and tensors", folder);
  const auto r = static_cast<std::uint64_t>(rank);
  std::vector<TensorPlan> plan;
  for (const LoraTensor& t : tensors) {
    const std::string at = std::string(kPrefix) + t.module;
    plan.push_back({at + ".lora_A.weight", DType::kF32, {r, t.in}});
    plan.push_back({at + ".lora_B.weight", DType::kF32, {t.out, r}});
  }
  std::sort(plan.begin(), plan.end(), [](const TensorPlan& a, const TensorPlan& b) { return a.name < b.name; });
  RM_TRY(refuse_own_folder(folder, base_model));
  RM_TRY(clear_out_folder(folder));
  RM_TRY(write_file_atomically(folder + "/" + kAdapterConfig, config_json(base_model, rank, alpha, targets)));
  const auto part = [&](std::size_t t, std::uint64_t first, std::span<float> to) {
    return read(plan[t].name.substr(kPrefix.size()), first, to);
  };
  RM_TRY(write_safetensors(folder + "/" + kAdapterWeights, plan, part));
  return {};
}

}  // namespace rm::weightfile
