// Runs passes and optimizer steps of a model and writes what came of them: goldens/train_parity.py holds it against transformers.
//
//   train-probe --model M --plan plan.json --out DIR [--dtype f32] [--threads N] [--kept N] [--rank R --alpha A --targets q_proj,v_proj]
//
// plan.json: {"passes": [{"ids": [...], "begins": [...], "weights": [...]}, ...], "steps": N, "lr": x, "clip": x, "beta2": x,
// "weight_decay": x, "init": "weights.f32" (optional: first values of what is trained, in order)}
// DIR/report.json: {"names": [[name, elements], ...], "losses": [before any step, after 1, ...], "grad_norms": [...], "right": [...],
// "seconds": [of each step and the passes after it, ...]}
// DIR/grad.f32: gradients before the first step; DIR/weights.f32: what was trained, after the last; neither with --tensors 0.
#include <chrono>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "lib/base/json.h"
#include "lib/tune/open_trainer.h"
#include "tests/oracle/flags.h"

namespace {

using namespace rm;

struct Plan {
  std::vector<tune::Pass> passes;
  std::int64_t steps = 0;
  tune::StepParams step;
  double beta2 = 0.95, weight_decay = 0;
  std::string init;
};

template <class T>
std::vector<T> numbers(const json::Value& v, const char* key) {
  std::vector<T> out;
  for (const json::Value& x : v.find(key)->items()) out.push_back(static_cast<T>(*x.number()));
  return out;
}

double number(const json::Value& v, const char* key, double fallback) {
  const auto found = v.find(key);
  return found ? *found->number() : fallback;
}

Plan read_plan(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  json::Document doc;
  const auto top = doc.parse(text.str());
  if (!top) throw std::runtime_error(path + ": " + top.error().text());
  Plan p;
  for (const json::Value& v : top->find("passes")->items())
    p.passes.push_back(
        {numbers<std::int32_t>(v, "ids"), numbers<std::int64_t>(v, "begins"), numbers<float>(v, "weights")});
  p.steps = static_cast<std::int64_t>(number(*top, "steps", 0));
  p.step = {number(*top, "lr", 0), number(*top, "clip", 0)};
  p.beta2 = number(*top, "beta2", 0.95);
  p.weight_decay = number(*top, "weight_decay", 0);
  if (const auto init = top->find("init")) p.init = std::string(*init->string());
  return p;
}

template <class T>
T must(Result<T> r) {
  if (!r) throw std::runtime_error(r.error().text());
  return *std::move(r);
}
void must(const Result<void>& r) {
  if (!r) throw std::runtime_error(r.error().text());
}

void write_floats(std::ofstream& out, const std::vector<float>& x) {
  out.write(reinterpret_cast<const char*>(x.data()), static_cast<std::streamsize>(x.size() * sizeof(float)));
}

struct Sums {
  double loss = 0;
  std::int64_t right = 0;
};

Sums run(tune::Trainer& t, const Plan& plan) {
  Sums s;
  for (const tune::Pass& p : plan.passes) {
    const tune::PassSums sums = must(t.accumulate(p));
    s.loss += sums.loss;
    s.right += sums.right;
  }
  return s;
}

void run_plan(const Plan& plan, const tune::TrainerOptions& o, const std::string& out, bool tensors) {
  const auto t = must(tune::open_trainer(o));
  std::ifstream init(plan.init, std::ios::binary);
  std::string report;
  json::Writer w(report);
  w.begin_object().key("names").begin_array();
  for (std::size_t i = 0; i < t->state().size(); ++i) {
    const tune::StateTensor& s = t->state()[i];
    if (s.slot != "weight") continue;
    w.begin_array().value(std::string_view(s.name)).value(s.elements()).end_array();
    if (plan.init.empty()) continue;
    std::vector<float> x(s.elements());
    init.read(reinterpret_cast<char*>(x.data()), static_cast<std::streamsize>(x.size() * sizeof(float)));
    if (!init) throw std::runtime_error(plan.init + " ends early");
    must(t->write_state(i, 0, x));
  }
  w.end_array();
  std::vector<Sums> sums{run(*t, plan)};
  std::ofstream grads(out + "/grad.f32", std::ios::binary), weights(out + "/weights.f32", std::ios::binary);
  const auto each = [&](const auto& f) {
    for (std::size_t i = 0; i < t->state().size(); ++i) {
      if (t->state()[i].slot != "weight") continue;
      std::vector<float> x(t->state()[i].elements());
      f(i, x);
    }
  };
  if (tensors)
    each([&](std::size_t i, std::vector<float>& x) { must(t->read_gradient(i, 0, x)), write_floats(grads, x); });
  w.key("grad_norms").begin_array();
  std::vector<double> seconds;
  for (std::int64_t i = 0; i < plan.steps; ++i) {
    const auto start = std::chrono::steady_clock::now();
    w.value(must(t->step(plan.step)).grad_norm);
    sums.push_back(run(*t, plan));
    seconds.push_back(std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  w.end_array().key("seconds").begin_array();
  for (const double x : seconds) w.value(x);
  w.end_array().key("losses").begin_array();
  for (const Sums& s : sums) w.value(s.loss);
  w.end_array().key("right").begin_array();
  for (const Sums& s : sums) w.value(s.right);
  w.end_array().end_object();
  if (tensors)
    each([&](std::size_t i, std::vector<float>& x) { must(t->read_state(i, 0, x)), write_floats(weights, x); });
  std::ofstream(out + "/report.json") << report << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  std::string plan, out, targets;
  int tensors = 1;
  tune::TrainerOptions o;
  o.dtype = "f32";
  using probe::set_number, probe::set_text;
  const probe::Flags flags{
      {"--model", set_text(o.model)},        {"--plan", set_text(plan)},          {"--out", set_text(out)},
      {"--dtype", set_text(o.dtype)},        {"--targets", set_text(targets)},    {"--threads", set_number(o.threads)},
      {"--kept", set_number(o.kept_layers)}, {"--rank", set_number(o.lora.rank)}, {"--alpha", set_number(o.lora.alpha)},
      {"--tensors", set_number(tensors)}};
  if (!probe::read_flags("train-probe", argc, argv, 1, flags)) return 2;
  try {
    std::stringstream list(targets);
    for (std::string t; std::getline(list, t, ',');) o.lora.targets.push_back(t);
    const Plan p = read_plan(plan);
    o.beta2 = p.beta2;
    o.weight_decay = p.weight_decay;
    run_plan(p, o, out, tensors != 0);
    return 0;
  } catch (const std::exception& e) {
    return std::fprintf(stderr, "train-probe: %s\n", e.what()), 1;
  }
}
