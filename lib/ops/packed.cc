#include "lib/ops/packed.h"

#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>

#include "lib/ops/cpu/packed_rows.h"
#include "lib/ops/packing.h"

namespace rm::ops {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::Function;
using torch::autograd::variable_list;

constexpr std::int64_t kGrain = 16;  // rows of one task

bool is_bf16(const at::Tensor& t) { return t.scalar_type() == at::kBFloat16; }
std::int64_t size_of(const at::Tensor& t) { return static_cast<std::int64_t>(t.element_size()); }
const char* row_of(const at::Tensor& t, std::int64_t row) {
  return static_cast<const char*>(t.const_data_ptr()) + row * t.stride(0) * size_of(t);
}
char* mutable_row(const at::Tensor& t, std::int64_t row) {
  return static_cast<char*>(t.mutable_data_ptr()) + row * t.stride(0) * size_of(t);
}
const float* floats(const at::Tensor& t, std::int64_t row) { return reinterpret_cast<const float*>(row_of(t, row)); }

template <class F>
void each_row(std::int64_t rows, const F& f) {
  at::parallel_for(0, rows, kGrain, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) f(r);
  });
}

// [..., n] as [rows, n].
at::Tensor flat(const at::Tensor& t) { return t.contiguous().view({-1, t.size(-1)}); }

}  // namespace

Normed rms_norm_forward(const at::Tensor& x, const at::Tensor& w, double eps, at::ScalarType result, bool rows) {
  if (!rows) {
    const at::Tensor f = x.to(at::kFloat), rstd = at::rsqrt(f.pow(2).mean(-1, true) + eps);
    return {(f * rstd * w).to(result), rstd.flatten()};
  }
  const at::Tensor x2 = flat(x.to(at::kFloat));
  const std::int64_t T = x2.size(0), n = x2.size(1);
  at::Tensor y = at::empty(x.sizes(), x.options().dtype(result)), rstd = at::empty({T}, x2.options());
  const at::Tensor y2 = y.view({T, n});
  float* r = rstd.mutable_data_ptr<float>();
  each_row(T, [&](std::int64_t t) {
    r[t] = cpu::norm_row(floats(x2, t), w.const_data_ptr<float>(), n, static_cast<float>(eps),
                         {mutable_row(y2, t), is_bf16(y2)});
  });
  return {y, rstd};
}

NormGradients rms_norm_backward(const at::Tensor& dy, const at::Tensor& x, const at::Tensor& w, const at::Tensor& rstd,
                                bool want_w, bool rows) {
  const at::Tensor dy2 = flat(dy), x2 = flat(x.to(at::kFloat));
  const std::int64_t T = x2.size(0), n = x2.size(1);
  NormGradients g;
  if (!rows) {
    const at::Tensor r = rstd.unsqueeze(1), hat = x2 * r, d = dy2.to(at::kFloat), scaled = d * w;
    g.x_TD = (r * (scaled - hat * (scaled * hat).mean(-1, true))).view(x.sizes());
    if (want_w) g.w_D = (d * hat).sum(0);
    return g;
  }
  // Each piece of rows sums dw for itself; pieces are added in order, so threads never change a bit.
  constexpr std::int64_t kPiece = 64;
  const std::int64_t pieces = (T + kPiece - 1) / kPiece;
  g.x_TD = at::empty(x.sizes(), x2.options());
  const at::Tensor dx2 = g.x_TD.view({T, n}), parts = want_w ? at::zeros({pieces, n}, x2.options()) : at::Tensor();
  const float* r = rstd.const_data_ptr<float>();
  at::parallel_for(0, pieces, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t p = begin; p < end; ++p) {
      float* dw = want_w ? reinterpret_cast<float*>(mutable_row(parts, p)) : nullptr;
      for (std::int64_t t = p * kPiece; t < std::min(T, (p + 1) * kPiece); ++t)
        cpu::norm_row_backward({row_of(dy2, t), is_bf16(dy2)}, floats(x2, t), w.const_data_ptr<float>(), r[t], n,
                               reinterpret_cast<float*>(mutable_row(dx2, t)), dw);
    }
  });
  if (want_w) g.w_D = parts.sum(0);
  return g;
}

at::Tensor entropies(const at::Tensor& logits_RV, bool rows) {
  const std::int64_t R = logits_RV.size(0), V = logits_RV.size(1);
  if (!rows) {
    const at::Tensor lse = at::logsumexp(logits_RV, {1});
    return lse - (at::sub(logits_RV, lse.unsqueeze(1)).exp_().mul_(logits_RV)).sum(1);
  }
  at::Tensor out = at::empty({R}, logits_RV.options());
  auto* entropy = out.mutable_data_ptr<float>();
  at::parallel_for(0, R, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) entropy[r] = cpu::entropy_row(floats(logits_RV, r), V);
  });
  return out;
}

TokenLosses token_losses(at::Tensor& logits_RV, const at::Tensor& targets_R, const at::Tensor& weights_R, bool gradient,
                         bool rows) {
  const std::int64_t R = logits_RV.size(0), V = logits_RV.size(1);
  if (!rows) {
    const at::Tensor lse = at::logsumexp(logits_RV, {1}), picks = targets_R.unsqueeze(1);
    const at::Tensor aimed = logits_RV.gather(1, picks).squeeze(1);
    TokenLosses out{lse - aimed, (aimed == std::get<0>(logits_RV.max(1))).to(at::kFloat)};
    if (gradient) {
      logits_RV.sub_(lse.unsqueeze(1)).exp_().mul_(weights_R.unsqueeze(1));
      logits_RV.scatter_add_(1, picks, -weights_R.unsqueeze(1));
    }
    return out;
  }
  TokenLosses out{at::empty({R}, logits_RV.options()), at::empty({R}, logits_RV.options())};
  const auto* target = targets_R.const_data_ptr<std::int64_t>();
  const auto* weight = weights_R.const_data_ptr<float>();
  auto* loss = out.loss_R.mutable_data_ptr<float>();
  auto* right = out.right_R.mutable_data_ptr<float>();
  at::parallel_for(0, R, 1, [&](std::int64_t begin, std::int64_t end) {
    for (std::int64_t r = begin; r < end; ++r) {
      const cpu::RowLoss l =
          cpu::loss_row(reinterpret_cast<float*>(mutable_row(logits_RV, r)), V, target[r], weight[r], gradient);
      loss[r] = l.loss;
      right[r] = l.right ? 1.0f : 0.0f;
    }
  });
  return out;
}

namespace {

struct RmsNorm : Function<RmsNorm> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x, const at::Tensor& w, double eps,
                            at::ScalarType result, bool rows) {
    Normed n = rms_norm_forward(x, w, eps, result, rows);
    ctx->save_for_backward({x, w, n.rstd_T});
    ctx->saved_data["rows"] = rows;
    return n.y_TD;
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& d) {
    const variable_list saved = ctx->get_saved_variables();
    NormGradients g = rms_norm_backward(d[0], saved[0], saved[1], saved[2], ctx->needs_input_grad(1),
                                        ctx->saved_data["rows"].toBool());
    return {g.x_TD, g.w_D, {}, {}, {}};
  }
};

struct Swiglu : Function<Swiglu> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& gate_up, bool rows) {
    ctx->save_for_backward({gate_up});
    ctx->saved_data["rows"] = rows;
    const std::int64_t T = gate_up.size(0), F = gate_up.size(1) / 2;
    if (!rows) {
      const auto parts = gate_up.to(at::kFloat).chunk(2, -1);
      return (at::silu(parts[0]) * parts[1]).to(gate_up.scalar_type());
    }
    at::Tensor y = at::empty({T, F}, gate_up.options());
    const bool bf16 = is_bf16(y);
    each_row(T, [&](std::int64_t t) {
      const char* row = row_of(gate_up, t);
      cpu::swiglu_row({row, bf16}, {row + F * size_of(y), bf16}, F, {mutable_row(y, t), bf16});
    });
    return y;
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& d) {
    const at::Tensor gate_up = ctx->get_saved_variables()[0], dy = d[0].contiguous();
    const std::int64_t T = gate_up.size(0), F = gate_up.size(1) / 2;
    if (!ctx->saved_data["rows"].toBool()) {
      const auto parts = gate_up.to(at::kFloat).chunk(2, -1);
      const at::Tensor s = at::sigmoid(parts[0]), f = dy.to(at::kFloat);
      return {at::cat({f * parts[1] * s * (1 + parts[0] * (1 - s)), f * parts[0] * s}, -1).to(gate_up.scalar_type()),
              {}};
    }
    at::Tensor g = at::empty_like(gate_up);
    const bool bf16 = is_bf16(g);
    each_row(T, [&](std::int64_t t) {
      const char* row = row_of(gate_up, t);
      char* to = mutable_row(g, t);
      cpu::swiglu_row_backward({row_of(dy, t), bf16}, {row, bf16}, {row + F * size_of(g), bf16}, F, {to, bf16},
                               {to + F * size_of(g), bf16});
    });
    return {g, {}};
  }
};

// x_THC turned by the angles of its rows; sign -1 turns back.
at::Tensor rotate(const at::Tensor& x_THC, const at::Tensor& cos, const at::Tensor& sin, float sign,
                  at::ScalarType result, bool rows) {
  if (!rows) {
    const auto halves = x_THC.to(at::kFloat).chunk(2, -1);
    const at::Tensor c = cos.unsqueeze(1), s = sin.unsqueeze(1) * sign;
    return at::cat({halves[0] * c - halves[1] * s, halves[1] * c + halves[0] * s}, -1).to(result);
  }
  const std::int64_t T = x_THC.size(0), H = x_THC.size(1), C = x_THC.size(2);
  at::Tensor y = at::empty({T, H, C}, x_THC.options().dtype(result));
  each_row(T, [&](std::int64_t t) {
    const char* from = row_of(x_THC, t);
    char* to = mutable_row(y, t);
    for (std::int64_t h = 0; h < H; ++h)
      cpu::rotate_head({from + h * C * size_of(x_THC), is_bf16(x_THC)}, floats(cos, t), floats(sin, t), C, sign,
                       {to + h * C * size_of(y), is_bf16(y)});
  });
  return y;
}

struct Rotate : Function<Rotate> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& x_THC, const at::Tensor& cos, const at::Tensor& sin,
                            at::ScalarType result, bool rows) {
    ctx->save_for_backward({cos, sin});
    ctx->saved_data["rows"] = rows;
    ctx->saved_data["dtype"] = static_cast<std::int64_t>(x_THC.scalar_type());
    return rotate(x_THC, cos, sin, 1, result, rows);
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& d) {
    const variable_list saved = ctx->get_saved_variables();
    const auto dtype = static_cast<at::ScalarType>(ctx->saved_data["dtype"].toInt());
    return {rotate(d[0].contiguous(), saved[0], saved[1], -1, dtype, ctx->saved_data["rows"].toBool()), {}, {}, {}, {}};
  }
};

// Rows of a span alone, and with those before it.
at::Tensor own(const at::Tensor& x_THC, const Batch::Span& s) { return x_THC.narrow(0, s.row, s.count); }
at::Tensor whole(const at::Tensor& x_THC, const Batch::Span& s) {
  if (s.position == 0) return own(x_THC, s);
  return at::cat({x_THC.narrow(0, s.pages, s.position), own(x_THC, s)});
}

// [n, heads, C] as the [1, heads, n, C] that ATen's attention takes.
at::Tensor heads_first(const at::Tensor& x_NHC) { return x_NHC.unsqueeze(0).transpose(1, 2); }

// Rows of x_THC side by side as a bucket has them: [sequences, heads, length, C].
at::Tensor gather(const at::Tensor& x_THC, const Bucket& b) {
  return x_THC.index_select(0, b.rows)
      .view({std::ssize(b.spans), b.length, x_THC.size(1), x_THC.size(2)})
      .transpose(1, 2);
}
// And back, as rows: [sequences * length, heads, C].
at::Tensor scattered(const at::Tensor& x_NHLC) { return x_NHLC.transpose(1, 2).contiguous().flatten(0, 1); }

// The gradient of keys or values: each row's own, then what the sequences that go on from it add.
void take_own(at::Tensor& x_THC, const Bucket& b, const at::Tensor& g_RHC) {
  x_THC.index_copy_(0, b.own, g_RHC.index_select(0, b.places));
}
void add_before(at::Tensor& x_THC, const Bucket& b, const at::Tensor& g_RHC) {
  for (std::size_t i = 0; i < b.spans.size(); ++i) {
    const Batch::Span& s = b.spans[i];
    if (s.position > 0)
      x_THC.narrow(0, s.pages, s.position).add_(g_RHC.narrow(0, static_cast<std::int64_t>(i) * b.length, s.position));
  }
}

struct BucketAttention : Function<BucketAttention> {
  static at::Tensor forward(AutogradContext* ctx, const at::Tensor& q, const at::Tensor& k, const at::Tensor& v,
                            const std::shared_ptr<const std::vector<Bucket>>& buckets, double scale) {
    at::Tensor out_THC = at::empty(q.sizes(), q.options());
    variable_list saved{q, k, v};
    for (const Bucket& b : *buckets) {
      auto [out, lse] = at::_scaled_dot_product_flash_attention_for_cpu(gather(q, b), gather(k, b), gather(v, b), 0.0,
                                                                        true, {}, scale);
      out_THC.index_copy_(0, b.own, scattered(out).index_select(0, b.places));
      saved.push_back(out);
      saved.push_back(lse);
    }
    ctx->save_for_backward(saved);
    ctx->saved_data["scale"] = scale;
    // Lent: the pass outlives its gradient.
    ctx->saved_data["buckets"] = reinterpret_cast<std::int64_t>(buckets.get());
    return out_THC;
  }
  static variable_list backward(AutogradContext* ctx, const variable_list& d) {
    const variable_list saved = ctx->get_saved_variables();
    const at::Tensor &q = saved[0], &k = saved[1], &v = saved[2];
    const at::Tensor dy = d[0].contiguous();
    const at::Tensor dq = at::empty(q.sizes(), q.options());
    at::Tensor dk = at::empty(k.sizes(), k.options()), dv = at::empty(v.sizes(), v.options());
    std::vector<at::Tensor> keys, values;
    const auto& buckets = *reinterpret_cast<const std::vector<Bucket>*>(ctx->saved_data["buckets"].toInt());
    for (std::size_t i = 0; i < buckets.size(); ++i) {
      const Bucket& b = buckets[i];
      // Rows that stand there for others, and those that were filled up, are asked for nothing.
      at::Tensor dy_b = at::zeros({b.rows.size(0), q.size(1), q.size(2)}, q.options());
      dy_b.index_copy_(0, b.places, dy.index_select(0, b.own));
      const at::Tensor dy_NHLC = dy_b.view({std::ssize(b.spans), b.length, q.size(1), q.size(2)}).transpose(1, 2);
      auto [gq, gk, gv] = at::_scaled_dot_product_flash_attention_for_cpu_backward(
          dy_NHLC, gather(q, b), gather(k, b), gather(v, b), saved[3 + 2 * i], saved[4 + 2 * i], 0.0, true, {},
          ctx->saved_data["scale"].toDouble());
      dq.index_copy_(0, b.own, scattered(gq).index_select(0, b.places));
      keys.push_back(scattered(gk));
      values.push_back(scattered(gv));
      take_own(dk, b, keys.back());
      take_own(dv, b, values.back());
    }
    for (std::size_t i = 0; i < buckets.size(); ++i) {
      add_before(dk, buckets[i], keys[i]);
      add_before(dv, buckets[i], values[i]);
    }
    return {dq, dk, dv, {}, {}};
  }
};

// The reference: a matrix of scores a sequence.
at::Tensor attend_plain(const at::Tensor& q_THC, const at::Tensor& k_TKC, const at::Tensor& v_TKC,
                        const std::vector<Batch::Span>& spans, double scale) {
  const std::int64_t group = q_THC.size(1) / k_TKC.size(1);
  std::vector<at::Tensor> parts;
  for (const Batch::Span& s : spans) {
    const at::Tensor q = heads_first(own(q_THC, s)).to(at::kFloat), k = heads_first(whole(k_TKC, s)).to(at::kFloat),
                     v = heads_first(whole(v_TKC, s)).to(at::kFloat);
    at::Tensor scores = at::matmul(q, k.repeat_interleave(group, 1).transpose(2, 3)) * scale;
    const at::Tensor hidden =
        at::ones({s.count, s.position + s.count}, scores.options().dtype(at::kBool)).triu(1 + s.position);
    scores = scores.masked_fill(hidden, -INFINITY);
    parts.push_back(at::matmul(at::softmax(scores, -1), v.repeat_interleave(group, 1)).squeeze(0).transpose(0, 1));
  }
  return at::cat(parts, 0).to(q_THC.scalar_type());
}

// All sequences at once; ATen knows the gradient. The kernel aligns the last query with the last key, so a span that goes on from
// another brings that one's keys.
at::Tensor attend_varlen(const at::Tensor& q, const at::Tensor& k, const at::Tensor& v, const Batch& b, double scale) {
  std::int64_t longest = 0, longest_whole = 0;
  std::vector<at::Tensor> keys, values;
  for (const Batch::Span& s : b.spans) {
    longest = std::max(longest, s.count);
    longest_whole = std::max(longest_whole, s.position + s.count);
  }
  if (!b.device_pages.defined()) {
    return std::get<0>(at::_flash_attention_forward(q, k, v, b.device_spans, b.device_spans, longest, longest, 0.0,
                                                    true, false, scale));
  }
  for (const Batch::Span& s : b.spans) {
    keys.push_back(whole(k, s));
    values.push_back(whole(v, s));
  }
  return std::get<0>(at::_flash_attention_forward(q, at::cat(keys), at::cat(values), b.device_spans, b.device_pages,
                                                  longest, longest_whole, 0.0, true, false, scale));
}

}  // namespace

PackedBackend::PackedBackend(at::Device device, at::ScalarType compute, bool plain)
    : Backend(device), compute_(compute), plain_(plain) {}

void PackedBackend::prepare(Batch& b) {
  if (!device().is_cuda()) {
    b.buckets = std::make_shared<const std::vector<Bucket>>(make_buckets(b.spans));
    return;
  }
  std::vector<std::int32_t> begins, wholes{0};
  for (const Batch::Span& s : b.spans) {
    begins.push_back(static_cast<std::int32_t>(s.row));
    wholes.push_back(wholes.back() + static_cast<std::int32_t>(s.position + s.count));
  }
  begins.push_back(static_cast<std::int32_t>(b.rows));
  b.device_spans = at::tensor(begins, at::kInt).to(device());
  if (wholes.back() != b.rows) b.device_pages = at::tensor(wholes, at::kInt).to(device());
}

at::Tensor PackedBackend::rms_norm(const at::Tensor& x, const at::Tensor& w, double eps, at::ScalarType result) {
  return RmsNorm::apply(x, w, eps, result, rows(x));
}

at::Tensor PackedBackend::swiglu(const at::Tensor& gate_up_T2F) {
  return Swiglu::apply(gate_up_T2F, rows(gate_up_T2F));
}

at::Tensor PackedBackend::rope_and_store(const at::Tensor& qkv_TX, const Batch& b, const HeadShape& s,
                                         const HeadNorms& norms, LayerCache& cache) {
  const std::int64_t T = qkv_TX.size(0);
  const auto heads = [&](std::int64_t from, std::int64_t count) {
    return qkv_TX.narrow(1, from, count * s.width).view({T, count, s.width});
  };
  at::Tensor q = heads(0, s.heads), k = heads(s.q_width(), s.kv_heads);
  if (norms.q_C.defined()) q = RmsNorm::apply(q, norms.q_C, norms.eps, at::kFloat, rows(q));
  if (norms.k_C.defined()) k = RmsNorm::apply(k, norms.k_C, norms.eps, at::kFloat, rows(k));
  cache.k = Rotate::apply(k, b.cos_TC, b.sin_TC, compute_, rows(k));
  cache.v = heads(s.q_width() + s.kv_width(), s.kv_heads).to(compute_);
  return Rotate::apply(q, b.cos_TC, b.sin_TC, compute_, rows(q));
}

at::Tensor PackedBackend::attend(const at::Tensor& q_THC, const Batch& b, const HeadShape& s, double scale,
                                 const LayerCache& cache) {
  at::Tensor out;
  const bool narrow = s.width % 8 == 0 && s.width <= 256;  // what the CUDA kernel takes
  if (!plain_ && q_THC.is_cpu()) {
    out = BucketAttention::apply(q_THC, cache.k, cache.v, b.buckets, scale);
  } else if (!plain_ && q_THC.is_cuda() && is_bf16(q_THC) && narrow) {
    out = attend_varlen(q_THC, cache.k, cache.v, b, scale);
  } else {
    out = attend_plain(q_THC, cache.k, cache.v, b.spans, scale);
  }
  return out.reshape({q_THC.size(0), s.q_width()});
}

}  // namespace rm::ops
