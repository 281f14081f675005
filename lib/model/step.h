// One forward step over many sequences: the seam between the engine (what to run) and the decoder (how). No Torch here.
//
// A step is a list of spans; a span is some consecutive tokens of one sequence whose earlier tokens already lie in the
// paged cache. The engine owns the page numbers; the model owns the page memory.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "lib/base/result.h"

namespace rm::model {

struct Span {
  std::int64_t position = 0;             // absolute position of tokens[0]; positions before it are in the cache
  std::span<const std::int32_t> tokens;  // at least one
  std::span<const std::int32_t> pages;  // page of positions [i * page_tokens, (i+1) * page_tokens), covering all tokens
  bool logits = false;                  // the last token's logits are wanted
  bool all_logits = false;              // every token's are
};

class StepModel {
 public:
  virtual ~StepModel() = default;
  virtual std::int64_t vocab() const = 0;
  virtual std::int64_t context() const = 0;  // the longest sequence the model was made for
  virtual int page_tokens() const = 0;
  virtual std::uint64_t page_bytes() const = 0;  // of one page over all layers
  virtual std::uint64_t weight_bytes() const = 0;
  virtual std::uint64_t free_bytes() const {
    return 0;
  }  // of the device's memory; asked only where device() is not "cpu"
  // A token's results depend on its own history alone, bit by bit, whatever runs in the same step.
  virtual bool rows_independent() const { return false; }
  // Makes the cache. Exit::kResources when it does not fit. Pages are numbered 0..pages-1.
  virtual Result<void> allocate(std::int64_t pages) = 0;
  // A page becomes what another one is, in every layer.
  virtual Result<void> copy_page(std::int32_t from, std::int32_t to) = 0;
  // Runs the spans, writes their keys and values to their pages, and returns the wanted logits, rows in span order,
  // [rows, vocab] in f32, valid until the next call. Errors: kResources (out of memory; the cache is unchanged where it
  // matters: the same step may be run again in parts), kModel reason "not_finite" naming the layer.
  // `pad_rows` > 0: the token count is padded to it so that matrix shapes never change (deterministic mode); more tokens
  // than that is our bug.
  virtual Result<std::span<const float>> run(std::span<const Span> spans, int pad_rows) = 0;
  virtual std::string device() const = 0;  // "cpu", "cuda:0"
  virtual std::string dtype() const = 0;   // "bf16"
  virtual std::string isa() const = 0;     // "avx2", "avx512-bf16", "amx", "sm_90"
};

}  // namespace rm::model
