// The CPU kernels of every instruction set of this machine against the plain reference in lib/ops/backend.cc, which is
// written with ATen operators only.
#include <algorithm>
#include <atomic>
#include <cmath>
#include <string>
#include <tuple>
#include <vector>

#include "lib/ops/cpu/cpu_backend.h"
#include "lib/ops/cpu/pool.h"
#include "tests/lib/ops/tables.h"

#undef CHECK  // c10's; doctest's is meant
#include <doctest/doctest.h>

using namespace rm::ops;

namespace {

at::Tensor random(at::IntArrayRef shape, double scale = 1) { return at::randn(shape) * scale; }

// Largest difference over the largest magnitude of the reference.
double distance(const at::Tensor& x, const at::Tensor& reference) {
  const at::Tensor a = x.to(at::kFloat), b = reference.to(at::kFloat);
  return ((a - b).abs().max() / b.abs().max()).item<double>();
}

bool same_bits(const at::Tensor& a, const at::Tensor& b) {
  return a.scalar_type() == b.scalar_type() && at::equal(a.contiguous(), b.contiguous());
}

// bf16 results differ by their own rounding (2^-8); f32 results by the order of sums.
double tolerance(at::ScalarType t) { return t == at::kBFloat16 ? 1.0 / 128 : 2e-5; }

template <class F>
void on_every_kernel(const std::vector<const cpu::KernelTable*>& tables, F f) {
  for (const cpu::KernelTable* table : tables) {
    CAPTURE(std::string(table->name));
    cpu::CpuBackend backend(*table);
    for (const at::ScalarType type : {at::kFloat, at::kBFloat16}) {
      CAPTURE(std::string(type == at::kFloat ? "f32" : "bf16"));
      f(backend, type);
    }
  }
}

template <class F>
void on_every_kernel(F f) {
  on_every_kernel(cpu::usable_tables(), f);
}

Backend& reference() {
  static Backend b{at::Device(at::kCPU)};
  return b;
}

struct Setup {
  Batch batch;
  std::int64_t pages = 0;
};

struct Piece {
  std::int64_t position, count;
};

// Spans with pages scattered over the cache.
Setup make_setup(const std::vector<Piece>& pieces, std::int64_t width, std::int64_t page_tokens) {
  Setup s;
  for (const Piece& p : pieces) {
    const std::int64_t n = (p.position + p.count + page_tokens - 1) / page_tokens;
    s.batch.spans.push_back({s.batch.rows, p.count, p.position, static_cast<std::int64_t>(s.batch.pages.size())});
    s.batch.rows += p.count;
    for (std::int64_t i = 0; i < n; ++i) s.batch.pages.push_back(static_cast<std::int32_t>(s.pages++));
  }
  std::reverse(s.batch.pages.begin(), s.batch.pages.end());
  const at::Tensor angle = random({s.batch.rows, width / 2}, 3);
  s.batch.cos_TC = angle.cos();
  s.batch.sin_TC = angle.sin();
  return s;
}

}  // namespace

TEST_CASE("a matrix product agrees with the reference for any number of rows and columns") {
  at::manual_seed(1);
  on_every_kernel(cpu::tested_tables(), [](Backend& b, at::ScalarType type) {
    for (const auto& [rows, out, in] :
         {std::tuple{1, 64, 32}, {2, 65, 64}, {5, 17, 1538}, {13, 200, 96}, {70, 130, 3200}}) {
      CAPTURE(rows);
      CAPTURE(out);
      CAPTURE(in);
      const at::Tensor w = random({out, in}), x = random({rows, in}).to(type), bias = random({out});
      Matrix m = b.make_matrix(out, in, type), plain = reference().make_matrix(out, in, type);
      const int half = out / 2;
      b.put_rows(m, half, out - half, w.const_data_ptr<float>() + half * in);
      b.put_rows(m, 0, half, w.const_data_ptr<float>());
      reference().put_rows(plain, 0, out, w.const_data_ptr<float>());
      for (const at::ScalarType result : {at::kFloat, at::kBFloat16}) {
        CHECK(distance(b.matmul(m, x, bias, result), reference().matmul(plain, x, bias, result)) < tolerance(result));
        CHECK(distance(b.matmul(m, x, {}, result), reference().matmul(plain, x, {}, result)) < tolerance(result));
        // Weights that lie row by row give the same bits.
        CHECK(same_bits(b.matmul_rows(w.to(type), x, bias, result), b.matmul(m, x, bias, result)));
        CHECK(same_bits(b.matmul_rows(w.to(type), x, {}, result), b.matmul(m, x, {}, result)));
        CHECK(distance(reference().matmul_rows(w.to(type), x, bias, result), b.matmul(m, x, bias, result)) <
              tolerance(type == at::kBFloat16 ? type : result));
      }
      const at::Tensor ids = at::randint(out, {rows}, at::kLong);
      CHECK(same_bits(b.take_rows(m, ids), reference().take_rows(plain, ids)));
    }
  });
}

TEST_CASE("norms, gates and sums agree with the reference") {
  at::manual_seed(2);
  on_every_kernel([](Backend& b, at::ScalarType type) {
    for (const std::int64_t width : {1, 16, 63, 576, 1536}) {
      CAPTURE(width);
      const at::Tensor x = random({9, width}, 5), w = random({width});
      CHECK(distance(b.rms_norm(x, w, 1e-6, type), reference().rms_norm(x, w, 1e-6, type)) < tolerance(type));
      const at::Tensor gates = random({9, 2 * width}, 4).to(type);
      CHECK(distance(b.swiglu(gates), reference().swiglu(gates)) < tolerance(type));
      at::Tensor sum = x.clone();
      const at::Tensor other = random({9, width});
      b.add(sum, other);
      CHECK(same_bits(sum, x + other));
    }
  });
}

TEST_CASE("a gate far from zero neither overflows nor loses NaN") {
  on_every_kernel([](Backend& b, at::ScalarType type) {
    at::Tensor gates = at::ones({1, 64}).to(type);
    gates[0][0] = 1e4;
    gates[0][1] = -1e4;
    gates[0][2] = NAN;
    const at::Tensor y = b.swiglu(gates).to(at::kFloat);
    CHECK(y[0][0].item<float>() == doctest::Approx(1e4).epsilon(0.01));
    CHECK(std::abs(y[0][1].item<float>()) < 1e-30f);
    CHECK(std::isnan(y[0][2].item<float>()));
  });
}

TEST_CASE("attention over pages agrees with the reference: prefill, chunks, decoding and their mixture") {
  at::manual_seed(3);
  const std::vector<std::vector<Piece>> mixtures = {
      {{0, 1}}, {{0, 40}}, {{0, 128}}, {{0, 300}}, {{0, 64}, {0, 1}, {0, 33}, {0, 129}}};
  on_every_kernel([&](Backend& b, at::ScalarType type) {
    for (const HeadShape& shape :
         {HeadShape{4, 4, 16}, HeadShape{6, 1, 128}, HeadShape{9, 3, 64}, HeadShape{4, 2, 24}}) {
      CAPTURE(shape.heads);
      CAPTURE(shape.width);
      const std::int64_t x = shape.q_width() + 2 * shape.kv_width();
      for (const auto& pieces : mixtures) {
        Setup s = make_setup(pieces, shape.width, b.page_tokens());
        LayerCache cache = b.make_cache(s.pages + 8, shape, type),
                   plain = reference().make_cache(s.pages + 8, shape, type);
        const HeadNorms norms{shape.heads == 9 ? random({shape.width}) : at::Tensor(),
                              shape.heads == 9 ? random({shape.width}) : at::Tensor(), 1e-6};
        const at::Tensor qkv = random({s.batch.rows, x});
        const at::Tensor q = b.rope_and_store(qkv, s.batch, shape, norms, cache);
        const at::Tensor q0 = reference().rope_and_store(qkv, s.batch, shape, norms, plain);
        CHECK(distance(q, q0) < tolerance(type));
        const double scale = 1 / std::sqrt(double(shape.width));
        CHECK(distance(b.attend(q0, s.batch, shape, scale, cache),
                       reference().attend(q0, s.batch, shape, scale, plain)) < 2 * tolerance(type));
      }
    }
  });
}

TEST_CASE("a row has the same bits whatever runs beside it, at whichever place and on any number of threads") {
  at::manual_seed(4);
  on_every_kernel(cpu::tested_tables(), [](Backend& b, at::ScalarType type) {
    const at::Tensor w = random({200, 1600}), x = random({41, 1600}).to(type);
    Matrix m = b.make_matrix(200, 1600, type);
    b.put_rows(m, 0, 200, w.const_data_ptr<float>());
    cpu::set_threads(2);
    const at::Tensor all = b.matmul(m, x, {}, at::kFloat);
    for (const std::int64_t rows : {1, 2, 3, 7, 16, 40}) {
      CAPTURE(rows);
      CHECK(same_bits(b.matmul(m, x.narrow(0, 41 - rows, rows).contiguous(), {}, at::kFloat),
                      all.narrow(0, 41 - rows, rows)));
    }
    cpu::set_threads(1);
    CHECK(same_bits(b.matmul(m, x, {}, at::kFloat), all));
    cpu::set_threads(3);
    CHECK(same_bits(b.matmul(m, x, {}, at::kFloat), all));
    cpu::set_threads(0);
  });
}

TEST_CASE("a query has the same bits in one prefill, in chunks and when decoded alone") {
  at::manual_seed(5);
  on_every_kernel([](Backend& b, at::ScalarType type) {
    const HeadShape shape{6, 2, 64};
    const std::int64_t n = 200, x = shape.q_width() + 2 * shape.kv_width();
    const Setup whole = make_setup({{0, n}}, shape.width, b.page_tokens());
    const at::Tensor qkv = random({n, x});
    const auto run = [&](const std::vector<std::int64_t>& cuts) {
      LayerCache cache = b.make_cache(whole.pages, shape, type);
      cache.k.fill_(7);  // what another sequence left behind
      cache.v.fill_(-7);
      std::vector<at::Tensor> out;
      for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
        Batch part = whole.batch;
        part.rows = cuts[i + 1] - cuts[i];
        part.spans = {{0, part.rows, cuts[i], 0}};
        part.cos_TC = whole.batch.cos_TC.narrow(0, cuts[i], part.rows);
        part.sin_TC = whole.batch.sin_TC.narrow(0, cuts[i], part.rows);
        const at::Tensor q = b.rope_and_store(qkv.narrow(0, cuts[i], part.rows), part, shape, {}, cache);
        out.push_back(b.attend(q, part, shape, 0.125, cache));
      }
      return at::cat(out);
    };
    std::vector<std::int64_t> singly;
    for (std::int64_t i = 0; i <= n; ++i) singly.push_back(i);
    const at::Tensor once = run({0, n});
    CHECK(same_bits(run({0, 50, 129, n}), once));
    CHECK(same_bits(run(singly), once));
  });
}

TEST_CASE("sequences that share pages get what each gets alone, and what the reference says") {
  at::manual_seed(6);
  const std::vector<HeadShape> shapes{{6, 1, 64}, {12, 2, 32}, {3, 3, 48}};
  on_every_kernel([&](Backend& b, at::ScalarType type) {
    const std::int64_t width = b.page_tokens();
    for (const HeadShape& shape : shapes) {
      CAPTURE(shape.heads);
      // A tree: everybody begins with the same 5 pages, then two families with 6 more, and tails of each one's own. Some
      // spans are single tokens, some a few (drafts), one is a chunk that ends inside the common part.
      struct Member {
        int family;
        std::int64_t position, count;
      };
      const std::vector<Member> members{{2, 100, 50}, {0, 400, 1}, {1, 355, 1}, {0, 352, 9}, {2, 200, 1},
                                        {1, 500, 1},  {0, 391, 4}, {0, 777, 1}, {1, 353, 1}, {2, 160, 1}};
      Setup together;
      std::vector<std::vector<std::int32_t>> pages;
      std::int32_t next = 5 + 2 * 6;
      for (const Member& m : members) {
        std::vector<std::int32_t> own;
        for (std::int64_t i = 0; i * width < m.position + m.count; ++i) {
          const auto page = static_cast<std::int32_t>(i);
          own.push_back(i < 5 ? page : i < 11 && m.family < 2 ? 5 + m.family * 6 + (page - 5) : next++);
        }
        pages.push_back(own);
      }
      // Written one after the other, so a shared page holds what its last writer wrote; queries are made anew below.
      const std::int64_t x = shape.q_width() + 2 * shape.kv_width();
      LayerCache cache = b.make_cache(next, shape, type);
      LayerCache plain = reference().make_cache(next, shape, type);
      for (std::size_t i = 0; i < members.size(); ++i) {
        Setup s = make_setup({{0, members[i].position + members[i].count}}, shape.width, width);
        s.batch.pages = pages[i];
        const at::Tensor qkv = random({s.batch.rows, x});
        b.rope_and_store(qkv, s.batch, shape, {}, cache);
        reference().rope_and_store(qkv, s.batch, shape, {}, plain);
      }
      Batch& batch = together.batch;
      for (std::size_t i = 0; i < members.size(); ++i) {
        batch.spans.push_back(
            {batch.rows, members[i].count, members[i].position, static_cast<std::int64_t>(batch.pages.size())});
        batch.pages.insert(batch.pages.end(), pages[i].begin(), pages[i].end());
        batch.rows += members[i].count;
      }
      const at::Tensor q = random({batch.rows, shape.heads, shape.width}).to(type);
      const at::Tensor all = b.attend(q, batch, shape, 0.2, cache);
      CHECK(distance(all, reference().attend(q, batch, shape, 0.2, plain)) < 2 * tolerance(type));
      for (const Batch::Span& span : batch.spans) {
        Batch alone = batch;
        alone.spans = {{0, span.count, span.position, span.pages}};
        alone.rows = span.count;
        const at::Tensor one = b.attend(q.narrow(0, span.row, span.count).contiguous(), alone, shape, 0.2, cache);
        CHECK(same_bits(one, all.narrow(0, span.row, span.count)));
      }
    }
  });
}

TEST_CASE("the pool runs every task once, from several threads and from inside a task") {
  cpu::set_threads(4);
  for (int repeat = 0; repeat < 2000; ++repeat) {
    std::vector<std::atomic<int>> seen(static_cast<std::size_t>(1 + repeat % 37));
    cpu::parallel(static_cast<std::int64_t>(seen.size()), [&](std::int64_t i, int) {
      cpu::parallel(2, [&](std::int64_t, int) { seen[static_cast<std::size_t>(i)]++; });
    });
    for (const auto& s : seen) REQUIRE(s == 2);
  }
  cpu::set_threads(0);
}

TEST_CASE("a worker that wakes up late takes no part in a job of fewer threads") {
  for (int repeat = 0; repeat < 3000; ++repeat) {
    for (const int threads : {4, 1, 3, 2}) {
      cpu::set_threads(threads);
      std::atomic<int> most{0};
      cpu::parallel(40, [&](std::int64_t, int worker) {
        for (int seen = most; worker > seen && !most.compare_exchange_weak(seen, worker);) continue;
      });
      REQUIRE(most < threads);
    }
  }
  cpu::set_threads(0);
}
