// Learns from one mini-batch of GRPO with a model and writes what came of it: goldens/grpo_step.py holds it against transformers.
//
//   grpo-step-probe --model M --plan plan.json --out DIR [--dtype f32] [--threads N] [--kept N] [--rank R --alpha A --targets q_proj,v_proj]
//
// plan.json: a mini-batch (tests/lib/rl/mini_batch.h) whose groups have "prompt_ids" and whose rollouts have "ids"; without "reference",
// which the trainer says, and without "old" where "old_now" is true: then the trainer says that too. "init": "weights.f32" (values of
// what is trained, in order: the policy that learns, beside the file's weights, which are the reference); "lr", "clip".
// DIR/report.json: {"names": [[name, elements], ...], "loss", "penalty", "targets", "clipped", "grad_norm", "passes"}
// DIR/grad.f32: gradients; DIR/weights.f32: what was trained, after the step; neither with --tensors 0.
#include <cstdio>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "lib/base/json.h"
#include "lib/tune/open_trainer.h"
#include "tests/lib/rl/mini_batch.h"
#include "tests/oracle/flags.h"

namespace {

using namespace rm;
using Floats = std::vector<float>;

struct Plan {
  rl::MiniBatch batch;
  bool old_now = false;
  tune::StepParams step;
  std::string init;
};

Plan read_plan(const std::string& path) {
  std::stringstream text;
  text << std::ifstream(path).rdbuf();
  json::Document doc;
  const auto top = doc.parse(text.str());
  if (!top) throw std::runtime_error(path + ": " + top.error().text());
  Plan p;
  p.batch = rl::read_mini_batch(*top);
  std::size_t g = 0, i = 0;
  for (const json::Value& group : top->find("groups")->items()) {
    p.batch.prompts[g++].ids = rl::numbers<std::int32_t>(group.find("prompt_ids"));
    for (const json::Value& rollout : group.find("rollouts")->items())
      p.batch.written[i++].rollout.ids = rl::numbers<std::int32_t>(rollout.find("ids"));
  }
  p.old_now = top->find("old_now")->boolean().value();
  p.step = {top->find("lr")->number().value(), top->find("clip")->number().value()};
  p.init = std::string(*top->find("init")->string());
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

// f(index, elements) of everything that is trained, in order.
template <class F>
void each_weight(const tune::Trainer& t, const F& f) {
  for (std::size_t i = 0; i < t.state().size(); ++i) {
    if (t.state()[i].slot == "weight") f(i, t.state()[i].elements());
  }
}

void begin_with(tune::Trainer& t, const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  each_weight(t, [&](std::size_t i, std::uint64_t n) {
    Floats x(n);
    in.read(reinterpret_cast<char*>(x.data()), static_cast<std::streamsize>(n * sizeof(float)));
    if (!in) throw std::runtime_error(path + " ends early");
    must(t.write_state(i, 0, x));
  });
}

void fill(tune::Trainer& t, std::vector<rl::Lesson>& lessons, std::int64_t pass_tokens, tune::Under under) {
  for (const rl::RolloutPass& p : rl::lay_out(lessons, pass_tokens)) {
    const Floats found = must(t.logprobs(p.pass, under));
    for (const rl::RolloutPass::Place& place : p.places) {
      rl::Lesson& l = lessons[place.lesson];
      const auto first = found.begin() + static_cast<std::ptrdiff_t>(place.begin);
      (under == tune::Under::kNow ? l.old : l.reference).assign(first, first + std::ssize(l.rollout->ids));
    }
  }
}

void write_all(const tune::Trainer& t, const std::string& path, bool gradients) {
  std::ofstream out(path, std::ios::binary);
  each_weight(t, [&](std::size_t i, std::uint64_t n) {
    Floats x(n);
    must(gradients ? t.read_gradient(i, 0, x) : t.read_state(i, 0, x));
    out.write(reinterpret_cast<const char*>(x.data()), static_cast<std::streamsize>(n * sizeof(float)));
  });
}

void run_plan(const Plan& plan, const tune::TrainerOptions& o, const std::string& out, bool tensors) {
  const auto t = must(tune::open_trainer(o));
  if (!plan.init.empty()) begin_with(*t, plan.init);
  const rl::MiniBatch& b = plan.batch;
  rl::Outcome outcome;
  for (const auto& rewards : b.rewards) outcome.advantages.push_back(rl::advantages(rewards));
  std::vector<rl::Lesson> lessons = rl::lessons_of(b, outcome);
  if (plan.old_now) fill(*t, lessons, b.pass_tokens, tune::Under::kNow);
  if (b.rule.kl > 0) fill(*t, lessons, b.pass_tokens, tune::Under::kReference);
  tune::PassSums sums;
  std::vector<rl::RolloutPass> passes = rl::lay_out(lessons, b.pass_tokens);
  for (rl::RolloutPass& p : passes) {
    rl::set_policy(p, lessons, b.rule);
    sums += must(t->accumulate(p.pass));
  }
  if (tensors) write_all(*t, out + "/grad.f32", true);
  std::string report;
  json::Writer w(report);
  w.begin_object().key("names").begin_array();
  each_weight(*t, [&](std::size_t i, std::uint64_t n) {
    w.begin_array().value(std::string_view(t->state()[i].name)).value(n).end_array();
  });
  w.end_array().member("loss", sums.loss).member("penalty", sums.penalty).member("targets", sums.targets);
  w.member("clipped", sums.clipped).member("passes", static_cast<std::int64_t>(passes.size()));
  w.member("grad_norm", must(t->step(plan.step)).grad_norm).end_object();
  if (tensors) write_all(*t, out + "/weights.f32", false);
  std::ofstream(out + "/report.json") << report << "\n";
}

}  // namespace

int main(int argc, char** argv) {
  std::string plan, out, targets;
  int tensors = 1;
  tune::TrainerOptions o;
  o.dtype = "f32";
  o.reference = true;
  o.beta2 = 0.999;
  o.weight_decay = 0.01;
  using probe::set_number, probe::set_text;
  const probe::Flags flags{
      {"--model", set_text(o.model)},        {"--plan", set_text(plan)},          {"--out", set_text(out)},
      {"--dtype", set_text(o.dtype)},        {"--targets", set_text(targets)},    {"--threads", set_number(o.threads)},
      {"--kept", set_number(o.kept_layers)}, {"--rank", set_number(o.lora.rank)}, {"--alpha", set_number(o.lora.alpha)},
      {"--tensors", set_number(tensors)}};
  if (!probe::read_flags("grpo-step-probe", argc, argv, 1, flags)) return 2;
  try {
    std::stringstream list(targets);
    for (std::string t; std::getline(list, t, ',');) o.lora.targets.push_back(t);
    run_plan(read_plan(plan), o, out, tensors != 0);
    return 0;
  } catch (const std::exception& e) {
    return std::fprintf(stderr, "grpo-step-probe: %s\n", e.what()), 1;
  }
}
