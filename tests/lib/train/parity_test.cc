// Small random models against what transformers, torch and peft made of them: loss, every gradient, ten AdamW steps
// (goldens/train_parity.py --golden). Full fine-tuning and LoRA, packed here and one by one there.
#include <cmath>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "lib/base/json.h"
#include "lib/train/trainer.h"
#include "tests/lib/model/pack.h"

#undef CHECK  // c10's; doctest's is meant
#include <doctest/doctest.h>

using namespace rm;

namespace {

double number(const json::Value& v, const char* key) { return *v.find(key)->number(); }

std::vector<double> numbers(const json::Value& v, const char* key) {
  std::vector<double> out;
  for (const json::Value& x : v.find(key)->items()) out.push_back(*x.number());
  return out;
}

// +1 and -1, as signs() of the script.
std::vector<float> signs(std::size_t n, std::uint64_t x) {
  std::vector<float> out(n);
  for (float& v : out) {
    x = x * 6364136223846793005u + 1442695040888963407u;
    v = x >> 63 ? 1.0f : -1.0f;
  }
  return out;
}

// All sequences in one pass, each a mean of its own.
tune::Pass pass_of(const json::Value& golden) {
  tune::Pass p;
  const std::vector<double> starts = numbers(golden, "starts");
  std::size_t at = 0;
  for (const json::Value& s : golden.find("sequences")->items()) {
    p.begins.push_back(static_cast<std::int64_t>(p.ids.size()));
    const auto n = s.size(), start = static_cast<std::size_t>(starts[at++]);
    const double weight = 1.0 / static_cast<double>(n - start) / static_cast<double>(starts.size());
    for (const json::Value& id : s.items()) p.ids.push_back(static_cast<std::int32_t>(*id.integer()));
    p.weights.resize(p.ids.size() - n + start, 0);
    p.weights.resize(p.ids.size(), static_cast<float>(weight));
  }
  return p;
}

void check_gradients(const tune::Trainer& t, const json::Value& want) {
  std::size_t tensors = 0;
  for (std::size_t i = 0; i < t.state().size(); ++i) {
    const tune::StateTensor& s = t.state()[i];
    if (s.slot != "weight") continue;
    ++tensors;
    CAPTURE(s.name);
    const auto golden = want.find(s.name);
    REQUIRE(golden.has_value());
    std::vector<float> g(s.elements());
    REQUIRE(t.read_gradient(i, 0, g).ok());
    const double norm = number(*golden, "norm");
    double squares = 0;
    for (const float v : g) squares += static_cast<double>(v) * v;
    CHECK(std::abs(std::sqrt(squares) - norm) <= 1e-3 * norm);
    const std::vector<double> sums = numbers(*golden, "sums");
    for (std::size_t k = 0; k < sums.size(); ++k) {
      const std::vector<float> sign = signs(g.size(), k + 1);
      double sum = 0;
      for (std::size_t j = 0; j < g.size(); ++j) sum += static_cast<double>(sign[j]) * g[j];
      CHECK(std::abs(sum - sums[k]) <= 1e-3 * norm);  // a sum with random signs is about as long as the gradient
    }
  }
  CHECK(tensors == want.size());
}

void check(const std::string& model, const json::Value& golden, const json::Value& part,
           const tune::TrainerOptions& o) {
  auto opened = train::TorchTrainer::open(o);
  REQUIRE_MESSAGE(opened.ok(), opened.error().text());
  train::TorchTrainer& t = **opened;
  CAPTURE(model);
  for (std::size_t i = 0; i < t.state().size() && o.lora.rank > 0; ++i) {
    if (t.state()[i].slot != "weight") continue;
    std::vector<float> first = signs(t.state()[i].elements(), t.state()[i].elements());
    for (float& v : first) v /= 32;
    REQUIRE(t.write_state(i, 0, first).ok());
  }
  const tune::Pass p = pass_of(golden);
  const std::vector<double> losses = numbers(part, "losses"), norms = numbers(part, "grad_norms");
  for (std::size_t step = 0; step < losses.size(); ++step) {
    CAPTURE(step);
    const auto sums = t.accumulate(p);
    REQUIRE(sums.ok());
    CHECK(std::abs(sums->loss - losses[step]) <= (step == 0 ? 1e-5 : 1e-3) * losses[step]);
    if (step == 0) check_gradients(t, *part.find("gradients"));
    const auto s = t.step({number(golden, "lr"), number(golden, "clip")});
    REQUIRE(s.ok());
    if (step < norms.size()) CHECK(std::abs(s->grad_norm - norms[step]) <= 1e-3 * norms[step]);
  }
}

}  // namespace

TEST_CASE("loss, gradients and steps are those of transformers, torch and peft") {
  for (const char* name :
       {"llama-llama3-f16-tied", "llama-linear-bf16-sharded", "qwen2-yarn-f32-tied", "qwen3-plain-bf16-tied"}) {
    std::stringstream text;
    text << std::ifstream(std::string(RM_SOURCE_DIR) + "/tests/golden/train/" + name + ".json").rdbuf();
    json::Document doc;
    const auto golden = doc.parse(text.str());
    REQUIRE(golden.ok());
    const tests::Pack pack(name);
    tune::TrainerOptions o;
    o.model = pack.model();
    o.device = "cpu";
    o.dtype = "f32";
    o.beta2 = number(*golden, "beta2");
    o.weight_decay = number(*golden, "weight_decay");
    check(name, *golden, *golden->find("full"), o);
    const json::Value lora = *golden->find("lora");
    o.lora.rank = *lora.find("rank")->integer();
    o.lora.alpha = number(lora, "alpha");
    for (const json::Value& target : lora.find("targets")->items()) o.lora.targets.emplace_back(*target.string());
    check(std::string(name) + " LoRA", *golden, lora, o);
  }
}
