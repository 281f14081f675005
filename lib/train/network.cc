#include "lib/train/network.h"

#include <algorithm>

#include "lib/base/rng.h"
#include "lib/model/layers.h"
#include "lib/model/weight_reader.h"

namespace rm::train {
namespace {

using model::LinearPart;
using model::WeightReader;

std::string last_part(const std::string& module) { return module.substr(module.rfind('.') + 1); }

}  // namespace

// Fills a Network from a file, module by module.
class NetworkReader final : public model::WeightSource {
 public:
  NetworkReader(Network& n, const weightfile::WeightFile& file, const tune::TrainerOptions& o, bool frozen)
      : n_(n),
        o_(o),
        frozen_(frozen),
        reader_(file, n.backend_, full() ? at::kFloat : n.compute_, WeightReader::Keep::kFloats) {}

  Result<void> read() {
    const weightfile::ModelConfig& c = n_.config_;
    RM_TRY(model::read_weights(*this, c, n_.weights_));
    n_.head_.norm = n_.parameters_.find(model::kFinalNorm).parameter;
    n_.head_.eps = c.norm_eps;
    n_.head_.compute = n_.compute_;
    n_.embedding_ = n_.parameters_.find(model::kEmbeddingWeight).parameter;
    RM_TRY(check_targets());
    return check_finite();
  }

  Result<std::unique_ptr<model::Linear>> linear(model::Kind kind, const std::vector<std::string>& modules,
                                                bool bias) override {
    RM_ASSIGN(auto l, make(modules, bias, kind != model::kHead));
    if (kind == model::kDown) n_.downs_.push_back(l.get());
    if (kind == model::kHead) n_.head_.linear = l.get();
    return std::unique_ptr<model::Linear>(std::move(l));
  }

  Result<std::unique_ptr<model::RowTable>> table(const std::string& module) override {
    RM_ASSIGN(auto l, make({module}, false, false));
    return std::unique_ptr<model::RowTable>(std::move(l));
  }

  Result<at::Tensor> vector(const std::string& name) override {
    RM_ASSIGN(at::Tensor v, reader_.vector(name));
    const Parameter& p = keep({{name, 0, v.size(0)}}, v);
    if (p.trained()) {
      p.working.requires_grad_(true);  // a leaf: autograd adds to its gradient, which is our buffer
      p.working.mutable_grad() = p.grad;
    }
    return p.working;
  }

 private:
  bool full() const { return o_.lora.rank == 0 && !frozen_; }

  static std::vector<ParameterPart> named(const std::vector<LinearPart>& parts, const char* suffix) {
    std::vector<ParameterPart> out;
    for (const LinearPart& p : parts) out.push_back({p.name + suffix, p.begin, p.rows});
    return out;
  }

  Parameter& keep(std::vector<ParameterPart> parts, at::Tensor value) {
    Parameter p;
    p.parts = std::move(parts);
    if (full()) {
      make_trained(p, std::move(value), n_.compute_);
    } else {
      p.working = std::move(value);
    }
    return n_.parameters_.add(std::move(p));
  }

  Result<std::unique_ptr<TrainedLinear>> make(const std::vector<std::string>& modules, bool bias, bool adaptable) {
    RM_ASSIGN(WeightReader::Stack s, reader_.stack(modules, bias));
    Parameter& w = keep(named(s.parts, ".weight"), s.w.data);
    Parameter* b = bias ? &keep(named(s.parts, ".bias"), s.bias_O) : nullptr;
    auto l = std::make_unique<TrainedLinear>(w, b, s.parts, &n_.bare_);
    if (o_.lora.rank > 0 && adaptable) adapt(*l, s.parts, s.w.in);
    return l;
  }

  // A is uniform in +-1/sqrt(in), B is zero: peft's first values (Kaiming uniform with a = sqrt(5)), from a seed of the module's
  // own.
  void adapt(TrainedLinear& l, const std::vector<LinearPart>& parts, std::int64_t in) {
    for (const LinearPart& part : parts) {
      if (!std::ranges::count(o_.lora.targets, last_part(part.name))) continue;
      const std::int64_t r = o_.lora.rank;
      at::Tensor a = at::empty({r, in}, at::kFloat), b = at::zeros({part.rows, r}, at::kFloat);
      std::uint64_t name = 0;
      for (const char c : part.name) name = name * 131 + static_cast<unsigned char>(c);
      Rng rng(derive_seed(o_.seed, name));
      const double bound = 1.0 / std::sqrt(static_cast<double>(in));
      float* x = a.mutable_data_ptr<float>();
      for (std::int64_t i = 0; i < a.numel(); ++i) x[i] = static_cast<float>((2 * rng.uniform() - 1) * bound);
      LoraUpdate u{part.begin, part.rows, &trained(part.name + ".lora_A.weight", std::move(a)),
                   &trained(part.name + ".lora_B.weight", std::move(b)), o_.lora.alpha / static_cast<double>(r)};
      n_.adapted_.push_back({part.name, u.a, u.b, u.scale});
      l.add_update(u);
    }
  }

  Parameter& trained(const std::string& name, at::Tensor value) {
    Parameter p;
    p.parts = {{name, 0, value.size(0)}};
    make_trained(p, value.to(n_.backend_.device()), n_.compute_);
    return n_.parameters_.add(std::move(p));
  }

  Result<void> check_targets() const {
    for (const std::string& target : o_.lora.targets) {
      const auto hit = [&](const Network::Adapted& a) { return last_part(a.module) == target; };
      if (std::ranges::any_of(n_.adapted_, hit)) continue;
      return make_error(Exit::kUsage, "bad_target",
                        target +
                            " is no matrix of the model's layers; they are q_proj, k_proj, v_proj, o_proj, gate_proj, "
                            "up_proj and down_proj",
                        "--lora-targets");
    }
    return {};
  }

  Result<void> check_finite() const {
    if (reader_.not_finite().empty()) return {};
    const model::NotFinite& first = reader_.not_finite().front();
    return make_error(Exit::kModel, "not_finite",
                      "tensor " + first.tensor + " holds " + std::to_string(first.count) +
                          " numbers that are infinite or NaN: such weights cannot be trained",
                      o_.model);
  }

  Network& n_;
  const tune::TrainerOptions& o_;
  bool frozen_;
  WeightReader reader_;
};

Result<std::unique_ptr<Network>> Network::read(const weightfile::WeightFile& file, const tune::TrainerOptions& o,
                                               at::Device device, at::ScalarType compute, bool plain) {
  return make(file, o, device, compute, plain, false);
}

Result<std::unique_ptr<Network>> Network::read_frozen(const weightfile::WeightFile& file, at::Device device,
                                                      at::ScalarType compute, bool plain) {
  tune::TrainerOptions o;
  o.model = file.path();
  return make(file, o, device, compute, plain, true);
}

Result<std::unique_ptr<Network>> Network::make(const weightfile::WeightFile& file, const tune::TrainerOptions& o,
                                               at::Device device, at::ScalarType compute, bool plain, bool frozen) {
  RM_TRY(weightfile::check_against_plan(file));
  std::unique_ptr<Network> n(new Network(file.config(), device, compute, plain));
  n->head_.plain = plain;
  NetworkReader reader(*n, file, o, frozen);
  RM_TRY(reader.read());
  n->decoder_ = std::make_unique<model::Decoder>(n->config_, n->weights_, n->backend_, compute);
  n->parameters_.index_state();
  return n;
}

at::Tensor Network::model_rows(const std::string& name, std::int64_t first, std::int64_t count) const {
  const ParameterSet::Place place = parameters_.find(name);
  if (place.parameter == nullptr) return {};
  const Parameter& p = *place.parameter;
  const at::Tensor& whole = p.trained() ? p.master : p.working;
  at::Tensor rows = whole.narrow(0, place.part->begin + first, count).to(at::kFloat);
  for (const Adapted& a : adapted_) {
    if (a.module + ".weight" != name) continue;
    rows = rows + at::mm(a.b->master.narrow(0, first, count), a.a->master) * a.scale;
  }
  return rows.to(at::kCPU);
}

}  // namespace rm::train
