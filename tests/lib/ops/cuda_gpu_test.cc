// Every CUDA kernel against the plain reference of the base class, on the same memory. Skipped where no device is.
#include <ATen/ATen.h>
#include <doctest/doctest.h>

#include <cmath>
#include <numeric>
#include <random>

#include "lib/ops/backend.h"

using namespace rm::ops;

namespace {

Backend* gpu() {
  Backend* b = backend(at::Device(at::kCUDA, 0));
  if (b == nullptr) MESSAGE("no CUDA device: skipped");
  return b;
}

// Largest difference, relative to the reference's largest value.
double distance(const at::Tensor& got, const at::Tensor& want) {
  const at::Tensor g = got.to(at::kCPU, at::kDouble), w = want.to(at::kCPU, at::kDouble);
  REQUIRE(g.sizes() == w.sizes());
  return ((g - w).abs().max() / w.abs().max().clamp_min(1e-9)).item<double>();
}

constexpr double kBf16 = 1.0 / 64;  // two roundings of 2^-8 and a sum in another order
constexpr double kF32 = 1e-5;

struct Step {
  Batch batch;
  LayerCache cache;
};

// Sequences with `before` tokens in the cache and `count` new ones, on shuffled pages.
Step make_step(Backend& b, const HeadShape& s, at::ScalarType type,
               const std::vector<std::pair<std::int64_t, std::int64_t>>& sequences) {
  Step step;
  std::int64_t pages = 0;
  for (const auto& [before, count] : sequences) {
    step.batch.spans.push_back({step.batch.rows, count, before, pages});
    step.batch.rows += count;
    pages += (before + count + b.page_tokens() - 1) / b.page_tokens();
  }
  step.batch.pages.resize(static_cast<std::size_t>(pages));
  std::iota(step.batch.pages.begin(), step.batch.pages.end(), 0);
  std::shuffle(step.batch.pages.begin(), step.batch.pages.end(), std::mt19937(1));
  const auto options = at::TensorOptions().device(b.device());
  step.batch.cos_TC = at::rand({step.batch.rows, s.width / 2}, options);
  step.batch.sin_TC = at::rand({step.batch.rows, s.width / 2}, options);
  step.cache = b.make_cache(pages, s, type);
  step.cache.k.normal_();
  step.cache.v.normal_();
  b.prepare(step.batch);
  return step;
}

const std::vector<std::pair<std::int64_t, std::int64_t>> kSequences = {{0, 1},   {31, 1},   {32, 1},    {255, 1},
                                                                       {256, 1}, {1000, 1}, {0, 16},    {0, 50},
                                                                       {17, 33}, {300, 7},  {511, 130}, {4000, 2}};
const std::vector<HeadShape> kShapes = {{12, 2, 128}, {28, 4, 128}, {14, 2, 64},
                                        {9, 3, 64},   {32, 8, 128}, {16, 16, 64}};

}  // namespace

TEST_CASE("norm and gate agree with the reference") {
  Backend* b = gpu();
  if (b == nullptr) return;
  at::manual_seed(1);
  for (const auto type : {at::kBFloat16, at::kFloat}) {
    const double within = type == at::kFloat ? kF32 : kBf16;
    for (const std::int64_t width : {576, 1536, 3584, 1000}) {
      const at::Tensor x = at::randn({37, width}, at::TensorOptions().device(b->device()));
      const at::Tensor w = at::rand({width}, x.options());
      CHECK(distance(b->rms_norm(x, w, 1e-6, type), b->Backend::rms_norm(x, w, 1e-6, type)) < within);
      const at::Tensor gate_up = at::randn({37, 2 * width}, x.options()).to(type);
      CHECK(distance(b->swiglu(gate_up), b->Backend::swiglu(gate_up)) < within);
    }
  }
}

TEST_CASE("matrices agree with the reference") {
  Backend* b = gpu();
  if (b == nullptr) return;
  at::manual_seed(2);
  Matrix m = b->make_matrix(300, 512, at::kBFloat16);
  const at::Tensor rows = at::randn({300, 512});
  b->put_rows(m, 0, 300, rows.const_data_ptr<float>());
  const at::Tensor x = at::randn({19, 512}, at::TensorOptions().device(b->device())).to(at::kBFloat16);
  const at::Tensor bias = at::randn({300}, at::TensorOptions().device(b->device()));
  for (const auto result : {at::kBFloat16, at::kFloat}) {
    CHECK(distance(b->matmul(m, x, bias, result), b->Backend::matmul(m, x, bias, result)) < kBf16);
    CHECK((b->matmul(m, x, {}, result).scalar_type() == result));
  }
}

TEST_CASE("rotation stores what the reference stores") {
  Backend* b = gpu();
  if (b == nullptr) return;
  at::manual_seed(3);
  for (const HeadShape& s : kShapes) {
    for (const auto type : {at::kBFloat16, at::kFloat}) {
      for (const bool normed : {false, true}) {
        CAPTURE(s.heads);
        Step mine = make_step(*b, s, type, kSequences);
        LayerCache theirs{mine.cache.k.clone(), mine.cache.v.clone()};
        const at::Tensor qkv =
            at::randn({mine.batch.rows, s.q_width() + 2 * s.kv_width()}, at::TensorOptions().device(b->device()));
        HeadNorms norms;
        norms.eps = 1e-6;
        if (normed) {
          norms.q_C = at::rand({s.width}, qkv.options());
          norms.k_C = at::rand({s.width}, qkv.options());
        }
        const at::Tensor got = b->rope_and_store(qkv, mine.batch, s, norms, mine.cache);
        const at::Tensor want = b->Backend::rope_and_store(qkv, mine.batch, s, norms, theirs);
        const double within = type == at::kFloat ? kF32 : kBf16;
        CHECK(distance(got, want) < within);
        CHECK(distance(mine.cache.k, theirs.k) < within);
        CHECK(distance(mine.cache.v, theirs.v) < within);
      }
    }
  }
}

TEST_CASE("attention over pages agrees with the reference, replies and prompts") {
  Backend* b = gpu();
  if (b == nullptr) return;
  at::manual_seed(4);
  for (const HeadShape& s : kShapes) {
    CAPTURE(s.heads);
    Step step = make_step(*b, s, at::kBFloat16, kSequences);
    const at::Tensor q = at::randn({step.batch.rows, s.heads, s.width}, step.cache.k.options());
    const double scale = 1.0 / std::sqrt(static_cast<double>(s.width));
    const at::Tensor got = b->attend(q, step.batch, s, scale, step.cache),
                     want = b->Backend::attend(q, step.batch, s, scale, step.cache);
    for (const Batch::Span& span : step.batch.spans) {
      CAPTURE(span.position);
      CAPTURE(span.count);
      CHECK(distance(got.narrow(0, span.row, span.count), want.narrow(0, span.row, span.count)) < 2 * kBf16);
    }
  }
}

TEST_CASE("a row's attention does not depend on what runs beside it") {
  Backend* b = gpu();
  if (b == nullptr) return;
  at::manual_seed(5);
  const HeadShape s{12, 2, 128};
  Step step = make_step(*b, s, at::kBFloat16, kSequences);
  const at::Tensor q = at::randn({step.batch.rows, s.heads, s.width}, step.cache.k.options());
  const at::Tensor all = b->attend(q, step.batch, s, 0.1, step.cache);
  for (const Batch::Span& span : step.batch.spans) {
    Batch alone = step.batch;
    alone.spans = {{0, span.count, span.position, span.pages}};
    alone.rows = span.count;
    b->prepare(alone);
    const at::Tensor got = b->attend(q.narrow(0, span.row, span.count).clone(), alone, s, 0.1, step.cache);
    CHECK(at::equal(got, all.narrow(0, span.row, span.count)));
  }
}
