// Training on a CUDA device: forward, backward and steps against the CPU's, and the share of the device's arithmetic that a step
// reaches. Skipped where no device is.
#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <iostream>
#include <memory>

#include "lib/ops/backend.h"
#include "lib/train/trainer.h"
#include "tests/lib/model/fake_file.h"

using namespace rm;
using weightfile::FakeFile;
using weightfile::ModelConfig;

namespace {

bool no_device() {
  if (ops::backend(at::Device(at::kCUDA, 0)) != nullptr) return false;
  std::cout << "no CUDA device\n";
  return true;
}

std::unique_ptr<train::TorchTrainer> make(const ModelConfig& c, const char* device, const char* dtype,
                                          std::int64_t rank) {
  tune::TrainerOptions o;
  o.device = device;
  o.dtype = dtype;
  if (rank > 0) o.lora = {rank, 2.0 * static_cast<double>(rank), {"q_proj", "v_proj", "up_proj", "down_proj"}};
  auto t = train::TorchTrainer::make(std::make_unique<FakeFile>(c), o);
  REQUIRE_MESSAGE(t.ok(), t.error().text());
  return *std::move(t);
}

tune::Pass pass_of(const std::vector<std::int64_t>& lengths, std::int64_t vocab) {
  tune::Pass p;
  for (const std::int64_t n : lengths) {
    p.begins.push_back(static_cast<std::int64_t>(p.ids.size()));
    for (std::int64_t i = 0; i < n; ++i) {
      p.ids.push_back(static_cast<std::int32_t>((p.ids.size() * 7919 + 13) % static_cast<std::size_t>(vocab)));
      p.weights.push_back(i >= std::max<std::int64_t>(1, n / 3) ? 0.01f : 0.0f);
    }
  }
  return p;
}

// The worst tensor of the gradients, or of what is trained: length of the difference over that of the reference.
double distance(const tune::Trainer& a, const tune::Trainer& reference, bool gradients) {
  double worst = 0;
  for (std::size_t i = 0; i < reference.state().size(); ++i) {
    if (reference.state()[i].slot != "weight") continue;
    std::vector<float> x(reference.state()[i].elements()), y(x.size());
    REQUIRE((gradients ? a.read_gradient(i, 0, x) : a.read_state(i, 0, x)).ok());
    REQUIRE((gradients ? reference.read_gradient(i, 0, y) : reference.read_state(i, 0, y)).ok());
    double off = 0, length = 1e-20;
    for (std::size_t j = 0; j < x.size(); ++j) off += std::pow(x[j] - y[j], 2), length += std::pow(y[j], 2);
    worst = std::max(worst, std::sqrt(off / length));
  }
  return worst;
}

// What the tensor cores do in bf16, dense, by the data sheets of H100 and A100; 0: not known.
double peak_flops(const std::string& isa) { return isa == "sm_90" ? 989e12 : isa == "sm_80" ? 312e12 : 0; }

}  // namespace

TEST_CASE("loss, gradients and steps on CUDA are the CPU's") {
  if (no_device()) return;
  for (const char* dtype : {"f32", "bf16"}) {
    for (const std::int64_t rank : {0, 4}) {
      CAPTURE(dtype);
      CAPTURE(rank);
      const ModelConfig c = weightfile::small_config();
      const auto gpu = make(c, "cuda", dtype, rank), cpu = make(c, "cpu", dtype, rank);
      const tune::Pass p = pass_of({20, 1, 70, 33}, c.vocab);
      const double limit = std::string(dtype) == "f32" ? 1e-3 : 0.15;
      for (int step = 0; step < 3; ++step) {
        const auto a = gpu->accumulate(p), b = cpu->accumulate(p);
        REQUIRE_MESSAGE(a.ok(), a.error().text());
        REQUIRE(b.ok());
        CHECK(a->loss == doctest::Approx(b->loss).epsilon(limit));
        CHECK(distance(*gpu, *cpu, true) < limit);
        REQUIRE(gpu->step({1e-3, 1.0})->taken);
        REQUIRE(cpu->step({1e-3, 1.0})->taken);
        // In bf16 a first step is the sign of the gradient where weights begin at zero, and small ones may differ in it: the
        // next loss tells instead.
        if (std::string(dtype) == "f32") CHECK(distance(*gpu, *cpu, false) < limit);
      }
    }
  }
}

TEST_CASE("a step of a larger model, and the share of the device's arithmetic it reaches") {
  if (no_device()) return;
  ModelConfig c = weightfile::small_config();  // a layer as a 1.5B model has it
  c.layers = 8;
  c.hidden = 1536;
  c.heads = 12;
  c.kv_heads = 2;
  c.head_dim = 128;
  c.ffn = 8960;
  c.vocab = 32'000;
  c.context = 8192;
  const auto t = make(c, "cuda", "bf16", 0);
  const tune::Pass p = pass_of({2048, 3000, 1500, 1644}, c.vocab);
  double seconds = 0;
  for (int i = 0; i < 4; ++i) {
    const auto start = std::chrono::steady_clock::now();
    const auto sums = t->accumulate(p);
    REQUIRE_MESSAGE(sums.ok(), sums.error().text());
    REQUIRE(t->step({1e-5, 1.0})->taken);  // reads a number of the device: everything is done
    seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  }
  // 6 operations a weight and token, and 12 L T^2 H C / 2 of attention for each sequence (causal); what is run again is not counted.
  const auto info = t->info();
  double flops = 6.0 * static_cast<double>(info.parameters - static_cast<std::uint64_t>(c.vocab * c.hidden)) *
                 static_cast<double>(p.ids.size());
  for (const double n : {2048.0, 3000.0, 1500.0, 1644.0})
    flops += 6.0 * static_cast<double>(c.layers * c.heads * c.head_dim) * n * n;
  const double peak = peak_flops(info.isa);
  std::cout << "step of " << p.ids.size() << " tokens: " << seconds << " s, "
            << static_cast<double>(p.ids.size()) / seconds << " tokens/s, " << flops / seconds / 1e12 << " TFLOP/s";
  if (peak > 0) std::cout << ", MFU " << flops / seconds / peak;
  std::cout << " (" << info.device << ", " << info.isa << ")\n";
}
