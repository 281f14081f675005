// The operations of training and their backward passes, against ATen's own operators recorded by autograd.
#include "lib/ops/packed.h"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/autograd.h>

#include <functional>
#include <vector>

#undef CHECK  // c10's; doctest's is meant
#include <doctest/doctest.h>

using namespace rm::ops;

namespace {

double distance(const at::Tensor& x, const at::Tensor& reference) {
  const at::Tensor a = x.to(at::kFloat), b = reference.to(at::kFloat);
  return ((a - b).abs().max() / b.abs().max().clamp_min(1e-20)).item<double>();
}

double tolerance(at::ScalarType t) { return t == at::kBFloat16 ? 1.0 / 64 : 2e-5; }

using Op = std::function<at::Tensor(const std::vector<at::Tensor>&)>;

// Value and gradients of `op` under `reference`'s, for the same random gradient of the result.
void compare(const Op& op, const Op& reference, std::vector<at::Tensor> inputs, double limit) {
  std::vector<at::Tensor> values, firsts;
  at::Tensor weight;
  for (const Op* f : {&reference, &op}) {
    std::vector<at::Tensor> leaves;
    for (const at::Tensor& x : inputs) leaves.push_back(x.detach().clone().requires_grad_(true));
    const at::Tensor y = (*f)(leaves);
    if (!weight.defined()) weight = at::randn(y.sizes());
    torch::autograd::backward({y}, {weight.to(y.scalar_type())});
    values = {y.detach()};
    for (const at::Tensor& x : leaves) values.push_back(x.grad());
    if (firsts.empty()) firsts = values;
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    CAPTURE(i);  // 0: the value; else the gradient of an input
    REQUIRE(values[i].defined());
    CHECK(values[i].sizes() == firsts[i].sizes());
    CHECK(distance(values[i], firsts[i]) < limit);
  }
}

Batch batch_of(const std::vector<std::int64_t>& lengths, std::int64_t width) {
  Batch b;
  std::vector<float> positions;
  for (const std::int64_t n : lengths) {
    b.spans.push_back({b.rows, n, 0, 0});
    b.rows += n;
    for (std::int64_t i = 0; i < n; ++i) positions.push_back(static_cast<float>(i));
  }
  const at::Tensor angles =
      at::tensor(positions).unsqueeze(1) * at::pow(10000.0, -at::arange(width / 2, at::kFloat) * 2.0 / width);
  b.cos_TC = angles.cos();
  b.sin_TC = angles.sin();
  return b;
}

// A backend in its two forms: loops over rows, ATen's operators.
struct Case {
  at::ScalarType dtype;
  bool plain;
};
const std::vector<Case> kCases{{at::kFloat, false}, {at::kFloat, true}, {at::kBFloat16, false}, {at::kBFloat16, true}};

}  // namespace

TEST_CASE("a norm and its gradient are those of ATen's operators") {
  for (const Case& c : kCases) {
    for (const std::int64_t rows : {1, 63, 200}) {
      CAPTURE(rows);
      PackedBackend backend(at::kCPU, c.dtype, c.plain);
      compare([&](const auto& x) { return backend.rms_norm(x[0], x[1], 1e-5, c.dtype); },
              [&](const auto& x) { return (x[0] * at::rsqrt(x[0].pow(2).mean(-1, true) + 1e-5) * x[1]).to(c.dtype); },
              {at::randn({rows, 83}) * 3, at::randn({83})}, tolerance(c.dtype));
    }
  }
}

TEST_CASE("a gate and its gradient are those of ATen's operators, far out too") {
  for (const Case& c : kCases) {
    PackedBackend backend(at::kCPU, c.dtype, c.plain);
    at::Tensor x = at::randn({37, 2 * 51}) * 4;
    x[0].fill_(-120), x[1].fill_(90), x[2].fill_(0);
    compare([&](const auto& in) { return backend.swiglu(in[0].to(c.dtype)); },
            [&](const auto& in) {
              const auto parts = in[0].to(c.dtype).to(at::kFloat).chunk(2, -1);
              return (at::silu(parts[0]) * parts[1]).to(c.dtype);
            },
            {x}, tolerance(c.dtype));
  }
}

TEST_CASE("rotation and attention of packed sequences are those of a matrix of scores") {
  const HeadShape shape{6, 2, 16};
  for (const Case& c : kCases) {
    for (const bool norms : {false, true}) {
      Batch b = batch_of({5, 1, 40, 129, 300, 290}, shape.width);
      PackedBackend backend(at::kCPU, c.dtype, c.plain);
      backend.prepare(b);
      const auto run = [&](PackedBackend& backend, const std::vector<at::Tensor>& x) {
        LayerCache cache;
        const HeadNorms head = norms ? HeadNorms{x[1], x[2], 1e-6} : HeadNorms{};
        const at::Tensor q = backend.rope_and_store(x[0], b, shape, head, cache);
        at::Tensor y = backend.attend(q, b, shape, 0.25, cache);
        return norms ? y : y + 0 * (x[1].sum() + x[2].sum());
      };
      // By hand, sequence by sequence, in f32.
      const auto reference = [&](const std::vector<at::Tensor>& x) {
        std::vector<at::Tensor> out;
        for (const Batch::Span& s : b.spans) {
          const at::Tensor rows = x[0].narrow(0, s.row, s.count);
          const auto heads = [&](std::int64_t from, std::int64_t n) {
            return rows.narrow(1, from * 16, n * 16).reshape({s.count, n, 16});
          };
          const auto norm = [&](const at::Tensor& h, const at::Tensor& w) {
            return norms ? h * at::rsqrt(h.pow(2).mean(-1, true) + 1e-6) * w : h;
          };
          const at::Tensor cos = b.cos_TC.narrow(0, s.row, s.count).unsqueeze(1),
                           sin = b.sin_TC.narrow(0, s.row, s.count).unsqueeze(1);
          const auto turn = [&](const at::Tensor& h) {
            const auto p = h.chunk(2, -1);
            return at::cat({p[0] * cos - p[1] * sin, p[1] * cos + p[0] * sin}, -1).to(c.dtype).to(at::kFloat);
          };
          const at::Tensor q = turn(norm(heads(0, 6), x[1])).transpose(0, 1),
                           k = turn(norm(heads(6, 2), x[2])).transpose(0, 1).repeat_interleave(3, 0),
                           v = heads(8, 2).to(c.dtype).to(at::kFloat).transpose(0, 1).repeat_interleave(3, 0);
          at::Tensor scores = at::matmul(q, k.transpose(1, 2)) * 0.25;
          scores = scores.masked_fill(at::ones({s.count, s.count}, at::kBool).triu(1), -INFINITY);
          out.push_back(at::matmul(at::softmax(scores, -1), v).transpose(0, 1).reshape({s.count, 96}));
        }
        at::Tensor y = at::cat(out, 0).to(c.dtype);
        return norms ? y : y + 0 * (x[1].sum() + x[2].sum());
      };
      compare([&](const auto& x) { return run(backend, x); }, reference,
              {at::randn({b.rows, 160}), at::rand({16}) + 0.5, at::rand({16}) + 0.5}, tolerance(c.dtype));
    }
  }
}

TEST_CASE("no token sees another sequence: its gradient there is exactly zero") {
  const HeadShape shape{4, 2, 16};
  Batch b = batch_of({30, 50, 20}, 16);
  PackedBackend backend(at::kCPU, at::kFloat);
  backend.prepare(b);
  const at::Tensor x = at::randn({100, 128}).requires_grad_(true);
  LayerCache cache;
  const at::Tensor q = backend.rope_and_store(x, b, shape, {}, cache), y = backend.attend(q, b, shape, 0.25, cache);
  torch::autograd::backward({y.narrow(0, 30, 50).sum()});
  CHECK(x.grad().narrow(0, 0, 30).abs().max().item<float>() == 0);
  CHECK(x.grad().narrow(0, 80, 20).abs().max().item<float>() == 0);
  CHECK(x.grad().narrow(0, 30, 50).abs().max().item<float>() > 0);
}

TEST_CASE("losses of tokens and their gradient are those of cross-entropy") {
  for (const bool rows : {false, true}) {
    for (const std::int64_t vocab : {7, 4096, 9001}) {
      CAPTURE(vocab);
      const at::Tensor logits = (at::randn({13, vocab}) * 5).requires_grad_(true);
      const at::Tensor targets = at::randint(vocab, {13}, at::kLong), weights = at::rand({13});
      const at::Tensor each = -at::log_softmax(logits, 1).gather(1, targets.unsqueeze(1)).squeeze(1);
      torch::autograd::backward({(each * weights).sum()});
      at::Tensor changed = logits.detach().clone();
      const TokenLosses plain = token_losses(changed, targets, weights, false, rows);
      CHECK(at::equal(changed, logits.detach()));
      const TokenLosses l = token_losses(changed, targets, weights, true, rows);
      CHECK(distance(l.loss_R, each.detach()) < 1e-5);
      CHECK(at::equal(l.loss_R, plain.loss_R));
      CHECK(at::equal(l.right_R > 0, logits.detach().argmax(1) == targets));
      CHECK(distance(changed, logits.grad()) < 1e-5);
      const at::Tensor p = at::softmax(logits.detach(), 1);
      CHECK(distance(entropies(logits.detach(), rows), -(p * p.log()).nan_to_num(0).sum(1)) < 1e-5);
    }
  }
}

TEST_CASE("a weight's gradient is the same bits whatever the number of threads") {
  const at::Tensor x = at::randn({333, 64}), w = at::randn({64}), dy = at::randn({333, 64});
  const int before = at::get_num_threads();
  std::vector<NormGradients> found;
  for (const int threads : {1, 2, 3}) {
    at::set_num_threads(threads);
    const Normed n = rms_norm_forward(x, w, 1e-6, at::kFloat, true);
    found.push_back(rms_norm_backward(dy, x, w, n.rstd_T, true, true));
  }
  at::set_num_threads(before);
  CHECK(at::equal(found[0].w_D, found[1].w_D));
  CHECK(at::equal(found[0].w_D, found[2].w_D));
  CHECK(at::equal(found[0].x_TD, found[2].x_TD));
}
