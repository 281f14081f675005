#include "lib/train/network.h"

#include <algorithm>

#include "lib/base/rng.h"
#include "lib/model/weight_reader.h"

namespace rm::train {
namespace {

using model::LinearPart;
using model::WeightReader;

std::string last_part(const std::string& module) { return module.substr(module.rfind('.') + 1); }

}  // namespace

// Fills a Network from a file, module by module.
class NetworkReader {
 public:
  NetworkReader(Network& n, const weightfile::WeightFile& file, const tune::TrainerOptions& o)
      : n_(n), o_(o), reader_(file, n.backend_, full() ? at::kFloat : n.compute_, WeightReader::Keep::kFloats) {}

  Result<void> read() {
    const weightfile::ModelConfig& c = n_.config_;
    model::Weights& w = n_.weights_;
    if (!c.tied) {
      RM_ASSIGN(Linear table, linear({"model.embed_tokens"}, false, false));
      n_.embedding_ = table.weight;
      w.embedding = std::move(table.linear);
    }
    for (std::int64_t i = 0; i < c.layers; ++i) {
      RM_ASSIGN(model::LayerWeights layer, read_layer(i));
      w.layers.push_back(std::move(layer));
    }
    RM_ASSIGN(n_.head_.norm, vector("model.norm.weight"));
    w.norm_D = n_.head_.norm->working;
    RM_ASSIGN(Linear head, linear({c.tied ? "model.embed_tokens" : "lm_head"}, false, false));
    n_.head_.linear = head.linear.get();
    n_.head_.eps = c.norm_eps;
    n_.head_.compute = n_.compute_;
    if (c.tied) n_.embedding_ = head.weight;
    w.head = std::move(head.linear);
    RM_TRY(check_targets());
    return check_finite();
  }

 private:
  struct Linear {
    std::unique_ptr<TrainedLinear> linear;
    Parameter* weight = nullptr;
  };

  bool full() const { return o_.lora.rank == 0; }

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

  Result<Linear> linear(const std::vector<std::string>& modules, bool bias, bool adaptable) {
    RM_ASSIGN(WeightReader::Stack s, reader_.stack(modules, bias));
    Linear out;
    out.weight = &keep(named(s.parts, ".weight"), s.w.data);
    Parameter* b = bias ? &keep(named(s.parts, ".bias"), s.bias_O) : nullptr;
    out.linear = std::make_unique<TrainedLinear>(*out.weight, b, s.parts);
    if (!full() && adaptable) adapt(*out.linear, s.parts, s.w.in);
    return out;
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

  Result<Parameter*> vector(const std::string& name) {
    RM_ASSIGN(at::Tensor v, reader_.vector(name));
    Parameter& p = keep({{name, 0, v.size(0)}}, v);
    if (p.trained()) {
      p.working.requires_grad_(true);  // a leaf: autograd adds to its gradient, which is our buffer
      p.working.mutable_grad() = p.grad;
    }
    return &p;
  }

  Result<model::LayerWeights> read_layer(std::int64_t index) {
    const weightfile::ModelConfig& c = n_.config_;
    const std::string at = "model.layers." + std::to_string(index) + ".", attention = at + "self_attn.",
                      mlp = at + "mlp.";
    model::LayerWeights w;
    RM_ASSIGN(const Parameter* norm, vector(at + "input_layernorm.weight"));
    w.attention_norm_D = norm->working;
    RM_ASSIGN(Linear qkv, linear({attention + "q_proj", attention + "k_proj", attention + "v_proj"}, c.qkv_bias, true));
    w.qkv = std::move(qkv.linear);
    if (c.qk_norm) {
      RM_ASSIGN(const Parameter* q, vector(attention + "q_norm.weight"));
      RM_ASSIGN(const Parameter* k, vector(attention + "k_norm.weight"));
      w.head_norms = {q->working, k->working, c.norm_eps};
    }
    RM_ASSIGN(Linear o, linear({attention + "o_proj"}, c.o_bias, true));
    w.o = std::move(o.linear);
    RM_ASSIGN(norm, vector(at + "post_attention_layernorm.weight"));
    w.ffn_norm_D = norm->working;
    RM_ASSIGN(Linear gate_up, linear({mlp + "gate_proj", mlp + "up_proj"}, c.mlp_bias, true));
    w.gate_up = std::move(gate_up.linear);
    RM_ASSIGN(Linear down, linear({mlp + "down_proj"}, c.mlp_bias, true));
    n_.downs_.push_back(down.linear.get());
    w.down = std::move(down.linear);
    return w;
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
  WeightReader reader_;
};

Result<std::unique_ptr<Network>> Network::read(const weightfile::WeightFile& file, const tune::TrainerOptions& o,
                                               at::Device device, at::ScalarType compute, bool plain) {
  RM_TRY(weightfile::check_against_plan(file));
  std::unique_ptr<Network> n(new Network(file.config(), device, compute, plain));
  n->head_.plain = plain;
  NetworkReader reader(*n, file, o);
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
