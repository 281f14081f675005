// Which sequences of a pass go through attention together: a call a sequence costs more than the arithmetic of a short one.
//
// Sequences of like length stand side by side, each from its first row, the rows before it (those it goes on from) included, and
// filled up at their ends; causal attention never looks at what was filled up. Pure; plain data.
#pragma once

#include <ATen/ATen.h>

#include <cstdint>
#include <vector>

#include "lib/ops/backend.h"

namespace rm::ops {

struct Bucket {
  std::vector<Batch::Span> spans;
  std::int64_t length = 0;  // of the longest, with what is before it
  at::Tensor rows;          // int64 [spans * length]: the row of the pass that stands there; 0 where it was filled up
  at::Tensor places;        // int64: where the spans' own rows stand among those, in order
  at::Tensor own;           // int64: their rows in the pass
};

// Every span once. Padding is at most a quarter of a bucket's rows, or 64 rows a sequence where it is more.
std::vector<Bucket> make_buckets(const std::vector<Batch::Span>& spans);

}  // namespace rm::ops
