// What a device must offer the decoder: weight matrices, the paged cache, and five operations.
//
// The base class is the plain reference, written with ATen operators on any device; a device's backend overrides what it
// does better and may keep matrices and cache in a layout of its own. Tests hold every override against the base class.
// Backends are stateless, live for ever and are used by one thread at a time. They throw what ATen throws; StepModel is
// where exceptions end.
//
// Shapes: T tokens of all spans together, D model width, H query heads, K key/value heads, C head width, F feed-forward
// width, V vocabulary; I in, O out.
#pragma once

#include <ATen/ATen.h>

#include <cmath>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "lib/weightfile/blocks.h"

namespace rm::ops {

// A weight matrix [out, in] as a backend keeps it. Filled row by row while a model loads, constant afterwards.
struct Matrix {
  std::int64_t out = 0, in = 0;
  at::ScalarType dtype = at::kFloat;
  at::Tensor data;                   // layout: the backend's
  std::vector<std::int64_t> panels;  // of a quantised one: where each panel begins in `data`, and the end; else empty
  bool quantised() const { return !panels.empty(); }
};

struct Bucket;  // packing.h

// Rows of a quantised matrix that come in so many bits.
struct QuantisedRange {
  std::int64_t rows = 0;
  int bits = 8;  // 4, 6 or 8
};

struct HeadShape {
  std::int64_t heads = 0, kv_heads = 0, width = 0;
  std::int64_t q_width() const { return heads * width; }
  std::int64_t kv_width() const { return kv_heads * width; }
};

// Keys and values of one layer: `pages` pages of page_tokens() positions.
struct LayerCache {
  at::Tensor k, v;  // layout: the backend's
};

// Which rows are which: what one step runs. Rows beyond the last span are padding: nothing of theirs is stored or read.
struct Batch {
  struct Span {
    std::int64_t row = 0, count = 0;  // rows of the step
    std::int64_t position = 0;        // of its first row
    std::int64_t pages = 0;           // where its pages begin in Batch::pages
  };
  std::vector<Span> spans;
  std::vector<std::int32_t> pages;
  std::int64_t rows = 0;      // padding included
  at::Tensor ids_T;           // int64, on the device
  at::Tensor cos_TC, sin_TC;  // f32 [T, C/2], on the device
  // Filled by prepare() where a backend wants them.
  at::Tensor device_spans, device_pages;
  std::shared_ptr<const std::vector<Bucket>> buckets;
};

// Optional norms of the query and key heads before rotation (Qwen3); f32 [C].
struct HeadNorms {
  at::Tensor q_C, k_C;
  double eps = 0;
};

class Backend {
 public:
  explicit Backend(at::Device device) : device_(device) {}
  virtual ~Backend() = default;
  at::Device device() const { return device_; }
  virtual const char* isa() const { return "reference"; }
  virtual std::uint64_t free_bytes() const { return 0; }  // of a device's own memory
  virtual bool fast_bf16() const { return true; }         // bf16 is what "auto" should choose
  virtual int page_tokens() const { return 32; }
  // A row's result depends on that row alone, whatever the number of rows: no padding is needed to fix it.
  virtual bool rows_independent() const { return false; }

  // Matrices. put_rows copies rows [row, row + count) from f32 [count, in] in the host's memory; calls for different rows
  // may run at once on different threads.
  virtual Matrix make_matrix(std::int64_t out, std::int64_t in, at::ScalarType dtype);
  virtual void put_rows(Matrix& m, std::int64_t row, std::int64_t count, const float* rows);
  virtual at::Tensor take_rows(const Matrix& m, const at::Tensor& ids_T);  // f32 [T, in]
  // Whether matrices can be kept in the blocks of weightfile/blocks.h. `in` is a multiple of 32; `dtype` is that of the
  // activations, which are rounded to 8 bits (on AMX: to bf16). put_blocks is to it what put_rows is to a plain one.
  virtual bool quantises() const { return false; }
  virtual Matrix make_quantised(const std::vector<QuantisedRange>& rows, std::int64_t in, at::ScalarType dtype);
  virtual void put_blocks(Matrix& m, std::int64_t row, std::int64_t count, const weightfile::BlockSpan& rows);
  // y_TO = x_TI m^T + bias_O (f32, may be undefined); x has the matrix's dtype, y has `result`. Sums are f32.
  virtual at::Tensor matmul(const Matrix& m, const at::Tensor& x_TI, const at::Tensor& bias_O, at::ScalarType result);
  // The same for weights [out, in] that lie in memory row by row, in x's dtype: those of a model in training.
  virtual at::Tensor matmul_rows(const at::Tensor& w_OI, const at::Tensor& x_TI, const at::Tensor& bias_O,
                                 at::ScalarType result);

  // Cache. Bytes of one page of one layer, keys and values.
  virtual std::int64_t page_bytes(const HeadShape& s, at::ScalarType dtype) const;
  virtual LayerCache make_cache(std::int64_t pages, const HeadShape& s, at::ScalarType dtype);
  virtual void prepare(Batch&) {}

  virtual void add(at::Tensor& x_TD, const at::Tensor& y_TD) { x_TD.add_(y_TD); }                  // x += y, both f32
  virtual bool finite(const at::Tensor& x_TD) { return std::isfinite(x_TD.sum().item<float>()); }  // all of an f32 x
  virtual at::Tensor rms_norm(const at::Tensor& x_TD, const at::Tensor& w_D, double eps, at::ScalarType result);
  // silu(gate) * up of gate_up = [gate | up].
  virtual at::Tensor swiglu(const at::Tensor& gate_up_T2F);
  // Norms (if any) and rotates q and k by halves, stores k and v to their pages, returns q_THC in the cache's dtype.
  virtual at::Tensor rope_and_store(const at::Tensor& qkv_TX, const Batch& b, const HeadShape& s,
                                    const HeadNorms& norms, LayerCache& cache);
  // Causal grouped-query attention over the pages; scale is applied to the scores. [T, H * C] in the cache's dtype.
  virtual at::Tensor attend(const at::Tensor& q_THC, const Batch& b, const HeadShape& s, double scale,
                            const LayerCache& cache);

 private:
  at::Device device_;
};

// A Torch object registers the backends it brings when it is opened; the CPU's is always there. null: none for the device.
void register_backend(c10::DeviceType type, Backend& backend);
Backend* backend(at::Device device);

}  // namespace rm::ops
