#include "lib/train/trainer.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include <cstring>

#include "lib/engine/open.h"
#include "lib/engine/threads.h"
#include "lib/model/device.h"
#include "lib/model/exceptions.h"
#include "lib/model/load.h"
#include "lib/model/torch_model.h"
#include "lib/ops/cpu/pool.h"
#include "lib/train/live_weights.h"
#include "lib/train/optimizer.h"
#include "lib/train/passes.h"

namespace rm::train {
namespace {

Result<at::ScalarType> choose_compute(const std::string& dtype, const ops::Backend& backend) {
  if (dtype == "f32") return at::kFloat;
  if (dtype == "bf16") return at::kBFloat16;
  if (dtype == "auto" || dtype.empty()) return backend.fast_bf16() ? at::kBFloat16 : at::kFloat;
  return make_error(Exit::kUsage, "bad_dtype", "training computes in bf16 or f32, not in " + dtype, "--dtype");
}

// While it lives, the network leaves LoRA's updates out.
class WithoutUpdates {
 public:
  explicit WithoutUpdates(Network& n) : n_(n) { n_.set_bare(true); }
  WithoutUpdates(const WithoutUpdates&) = delete;
  WithoutUpdates& operator=(const WithoutUpdates&) = delete;
  ~WithoutUpdates() { n_.set_bare(false); }

 private:
  Network& n_;
};

Error bug(std::string message) { return make_error(Exit::kBug, "bad_pass", std::move(message)); }

// Elements [first, first + n) of a tensor as a flat view.
Result<at::Tensor> elements(const at::Tensor& t, std::uint64_t first, std::size_t n) {
  if (first + n > static_cast<std::uint64_t>(t.numel())) return bug("reads or writes beyond a tensor");
  return t.reshape({-1}).narrow(0, static_cast<std::int64_t>(first), static_cast<std::int64_t>(n));
}

Result<void> copy_out(const at::Tensor& t, std::uint64_t first, std::span<float> to) {
  RM_ASSIGN(const at::Tensor part, elements(t.detach(), first, to.size()));
  const at::Tensor host = part.to(at::kCPU).contiguous();
  std::memcpy(to.data(), host.const_data_ptr<float>(), to.size() * sizeof(float));
  return {};
}

}  // namespace

Result<std::unique_ptr<TorchTrainer>> TorchTrainer::open(const tune::TrainerOptions& o) {
  RM_ASSIGN(auto file, weightfile::WeightFile::open(o.model));
  return make(std::move(file), o);
}

Result<std::unique_ptr<TorchTrainer>> TorchTrainer::make(std::unique_ptr<weightfile::WeightFile> file,
                                                         const tune::TrainerOptions& o, bool plain) {
  if (o.threads < 0) return make_error(Exit::kUsage, "bad_option", "cannot be negative", "--threads");
  engine::set_threads(o.threads);
  RM_ASSIGN(ops::Backend* const backend, model::choose_backend(o.device));
  RM_ASSIGN(const at::ScalarType compute, choose_compute(o.dtype, *backend));
  std::unique_ptr<TorchTrainer> t(new TorchTrainer(std::move(file), o));
  t->isa_ = backend->isa();
  if (backend->device().is_cpu()) model::keep_freed_memory();
  try {
    if (o.deterministic) at::globalContext().setDeterministicAlgorithms(true, true);
    RM_ASSIGN(t->network_, Network::read(*t->file_, o, backend->device(), compute, plain));
    if (o.reference && o.lora.rank == 0) {
      RM_ASSIGN(t->reference_, Network::read_frozen(*t->file_, backend->device(), compute, plain));
    }
  } catch (...) {
    return model::from_exception("loading the weights to train");
  }
  return t;
}

tune::TrainerInfo TorchTrainer::info() const {
  const ParameterSet& p = network_->parameters();
  tune::TrainerInfo i;
  i.device = network_->backend_device().str();
  i.dtype = model::dtype_name(network_->compute());
  i.isa = isa_;
  i.threads = at::get_num_threads();
  i.parameters = p.count(false);
  i.trained = p.count(true);
  return i;
}

Result<void> TorchTrainer::check(const tune::Pass& p) const {
  const auto T = static_cast<std::int64_t>(p.ids.size());
  if (T == 0 || p.weights.size() != p.ids.size() || p.begins.empty() || p.begins.front() != 0)
    return bug("a pass needs tokens, as many weights, and a first sequence at 0");
  if (!p.parents.empty() && p.parents.size() != p.begins.size()) return bug("not every sequence has a parent or -1");
  if (!p.policy.empty() && p.policy.size() != p.ids.size()) return bug("not every token has its policy's numbers");
  for (std::size_t i = 0; i < p.begins.size(); ++i) RM_TRY(check_sequence(p, i));
  for (const std::int32_t id : p.ids)
    if (id < 0 || id >= network_->config().vocab)
      return bug("token " + std::to_string(id) + " is not in the vocabulary");
  return {};
}

Result<void> TorchTrainer::check_sequence(const tune::Pass& p, std::size_t i) const {
  const auto T = static_cast<std::int64_t>(p.ids.size());
  const std::int64_t end = i + 1 < p.begins.size() ? p.begins[i + 1] : T;
  if (end <= p.begins[i] || end > T) return bug("sequences of a pass are empty or out of order");
  const std::int64_t parent = p.parents.empty() ? -1 : p.parents[i];
  if (parent < 0) {
    if (p.weights[static_cast<std::size_t>(p.begins[i])] == 0) return {};
    return bug("the first token of a sequence without a parent has a weight");
  }
  if (parent < static_cast<std::int64_t>(i) && p.parents[static_cast<std::size_t>(parent)] < 0) return {};
  return bug("the parent of a sequence is none that stands before it and has no parent itself");
}

Result<std::vector<float>> TorchTrainer::logprobs(const tune::Pass& p, tune::Under under) {
  RM_TRY(check(p));
  const bool reference = under == tune::Under::kReference;
  if (reference && !o_.reference) return bug("no reference was asked for");
  try {
    renew();
    if (!reference) return run_logprobs(*network_, p);
    if (reference_) return run_logprobs(*reference_, p);
    const WithoutUpdates bare(*network_);
    return run_logprobs(*network_, p);
  } catch (...) {
    return model::from_exception("computing log-probabilities");
  }
}

Result<tune::PassSums> TorchTrainer::run(const tune::Pass& p, bool gradient) {
  RM_TRY(check(p));
  try {
    renew();
    return run_pass(*network_, p, {o_.kept_layers, gradient});
  } catch (...) {
    return model::from_exception(gradient ? "training on a pass" : "computing the loss of a pass");
  }
}

// Working copies, where the masters were written from outside.
void TorchTrainer::renew() {
  if (!stale_) return;
  const at::AutoGradMode off(false);
  for (const auto& p : network_->parameters().all()) refresh(*p);
  stale_ = false;
}

Result<tune::StepSums> TorchTrainer::step(const tune::StepParams& s) {
  try {
    const at::AutoGradMode off(false);
    const AdamW a{o_.beta1, o_.beta2, o_.epsilon, o_.weight_decay};
    const tune::StepSums sums = adamw_step(network_->parameters(), a, s, steps_ + 1);
    if (sums.taken) ++steps_;
    return sums;
  } catch (...) {
    return model::from_exception("taking an optimizer step");
  }
}

void TorchTrainer::drop_gradients() { zero_gradients(network_->parameters()); }

Result<void> TorchTrainer::read_state(std::size_t index, std::uint64_t first, std::span<float> to) const {
  try {
    return copy_out(network_->parameters().state_rows(index), first, to);
  } catch (...) {
    return model::from_exception("reading the state");
  }
}

Result<void> TorchTrainer::read_gradient(std::size_t index, std::uint64_t first, std::span<float> to) const {
  try {
    return copy_out(network_->parameters().gradient_rows(index), first, to);
  } catch (...) {
    return model::from_exception("reading a gradient");
  }
}

Result<void> TorchTrainer::write_state(std::size_t index, std::uint64_t first, std::span<const float> from) {
  try {
    const at::AutoGradMode off(false);
    RM_ASSIGN(at::Tensor part, elements(network_->parameters().state_rows(index).detach(), first, from.size()));
    part.copy_(at::from_blob(const_cast<float*>(from.data()), {static_cast<std::int64_t>(from.size())}, at::kFloat));
    stale_ = true;
    return {};
  } catch (...) {
    return model::from_exception("restoring the state");
  }
}

Result<std::unique_ptr<generate::TokenEngine>> TorchTrainer::engine(const generate::EngineOptions& o) {
  try {
    generate::EngineOptions here = o;
    here.model = o_.model;
    here.adapter.clear();
    here.device = network_->backend_device().is_cpu() ? "cpu" : "cuda";
    const std::string own = model::dtype_name(network_->compute());
    if (here.dtype != "auto" && here.dtype != own) return engine::open_engine(LiveWeights(*network_, *file_), here);
    RM_ASSIGN(ops::Backend* const backend, model::choose_backend(here.device));
    renew();
    ops::cpu::set_threads(here.threads);
    const weightfile::ModelConfig& c = network_->config();
    const bool rows_independent = o_.lora.rank == 0;  // LoRA's small products are ATen's
    const std::int64_t context = here.context > 0 ? std::min(here.context, c.context) : c.context;
    return engine::open_engine(std::make_unique<model::TorchModel>(c, network_->weights(), rows_independent, *backend,
                                                                   network_->compute(), context),
                               here);
  } catch (...) {
    return model::from_exception("making an engine of the weights in training");
  }
}

Result<void> TorchTrainer::read_model(const std::string& name, std::uint64_t first, std::span<float> to) const {
  const LiveWeights live(*network_, *file_);
  const weightfile::TensorInfo* t = live.find(name);
  if (t == nullptr) return make_error(Exit::kBug, "no_tensor", "has no tensor " + name, o_.model);
  return live.read(*t, first * sizeof(float), std::as_writable_bytes(to));
}

}  // namespace rm::train
