#include "lib/train/parameter.h"

namespace rm::train {

void make_trained(Parameter& p, at::Tensor value, at::ScalarType compute) {
  p.master = std::move(value);
  p.grad = at::zeros_like(p.master);
  p.mean = at::zeros_like(p.master);
  p.variance = at::zeros_like(p.master);
  // Vectors (norms, biases) are used in f32 whatever the arithmetic of the matrices.
  p.working = p.master.dim() < 2 || compute == at::kFloat ? p.master : p.master.to(compute);
}

void refresh(Parameter& p) {
  if (p.trained() && !p.working.is_same(p.master)) p.working.copy_(p.master);
}

Parameter& ParameterSet::add(Parameter p) {
  all_.push_back(std::make_unique<Parameter>(std::move(p)));
  return *all_.back();
}

ParameterSet::Place ParameterSet::find(const std::string& name) const {
  for (const auto& p : all_)
    for (const ParameterPart& part : p->parts)
      if (part.name == name) return {p.get(), &part};
  return {};
}

void ParameterSet::index_state() {
  state_.clear();
  entries_.clear();
  for (const auto& p : all_) {
    if (!p->trained()) continue;
    for (std::size_t i = 0; i < p->parts.size(); ++i) {
      std::vector<std::uint64_t> shape{static_cast<std::uint64_t>(p->parts[i].rows)};
      if (p->master.dim() == 2) shape.push_back(static_cast<std::uint64_t>(p->master.size(1)));
      int slot = 0;
      for (const char* name : {"weight", "exp_avg", "exp_avg_sq"}) {
        state_.push_back({p->parts[i].name, name, shape});
        entries_.push_back({p.get(), i, slot++});
      }
    }
  }
}

namespace {
at::Tensor rows(const at::Tensor& t, const ParameterPart& part) { return t.narrow(0, part.begin, part.rows); }
}  // namespace

at::Tensor ParameterSet::state_rows(std::size_t index) const {
  const Entry& e = entries_.at(index);
  const at::Tensor& t = e.slot == 0 ? e.parameter->master : e.slot == 1 ? e.parameter->mean : e.parameter->variance;
  return rows(t, e.parameter->parts[e.part]);
}

at::Tensor ParameterSet::gradient_rows(std::size_t index) const {
  const Entry& e = entries_.at(index);
  return rows(e.parameter->grad, e.parameter->parts[e.part]);
}

std::uint64_t ParameterSet::count(bool trained_only) const {
  std::uint64_t n = 0;
  for (const auto& p : all_)
    if (p->trained() || !trained_only) n += static_cast<std::uint64_t>(p->working.numel());
  return n;
}

}  // namespace rm::train
