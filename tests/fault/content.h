// A small run whose state at every step is known: what a checkpoint of it must hold, to the last bit.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <vector>

#include "lib/tune/checkpoint.h"

namespace rm::tests {

inline std::vector<tune::StateTensor> content_tensors() {
  std::vector<tune::StateTensor> out;
  for (const char* slot : {"weight", "exp_avg", "exp_avg_sq"}) {
    out.push_back({"model.embed_tokens.weight", slot, {61, 16}});
    out.push_back({"model.layers.0.mlp.up_proj.weight", slot, {24, 8, 3}});
    out.push_back({"model.norm.weight", slot, {16}});
    out.push_back({"scale", slot, {}});
  }
  return out;
}

// Any float but a NaN, from the place alone.
inline float content(std::int64_t step, std::size_t tensor, std::uint64_t element) {
  std::uint64_t x = static_cast<std::uint64_t>(step) * 0x9E3779B97F4A7C15u + tensor * 0xBF58476D1CE4E5B9u + element;
  x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9u;
  x = (x ^ x >> 27) * 0x94D049BB133111EBu;
  const auto bits = static_cast<std::uint32_t>(x >> 32) & 0xFF7FFFFFu;  // an exponent below that of NaN and infinity
  float f = 0;
  std::memcpy(&f, &bits, sizeof f);
  return f;
}

inline tune::RunFacts content_facts(std::int64_t step) {
  tune::RunFacts f;
  f.step = step;
  f.epoch = 2;
  f.position = step * 128;
  f.seed = 0xFFFFFFFFFFFFFFFFu;
  f.rng = 0x8000000000000001u;
  f.threads = 2;
  f.isa = "avx512-bf16";
  f.dtype = "bf16";
  f.device = "cpu";
  f.settings = "0123456789abcdef";
  f.data = "fedcba9876543210";
  f.base = "models/a \"quoted\" one\n";
  f.notes = R"({"pass_tokens": 12288, "rate":1.50})";
  return f;
}

inline tune::ReadTensor content_reader(std::int64_t step) {
  return [step](std::size_t index, std::uint64_t first, std::span<float> to) -> Result<void> {
    for (std::size_t i = 0; i < to.size(); ++i) to[i] = content(step, index, first + i);
    return {};
  };
}

inline bool same_facts(const tune::RunFacts& a, const tune::RunFacts& b) {
  return a.step == b.step && a.epoch == b.epoch && a.position == b.position && a.seed == b.seed && a.rng == b.rng &&
         a.threads == b.threads && a.isa == b.isa && a.dtype == b.dtype && a.device == b.device &&
         a.settings == b.settings && a.data == b.data && a.base == b.base && a.notes == b.notes;
}

// Loads it and says what is not as it was at its step; empty where all is. Errors are load_checkpoint's.
inline Result<std::string> content_fault(const tune::FoundCheckpoint& c) {
  const auto tensors = content_tensors();
  if (!same_facts(c.facts, content_facts(c.facts.step))) return c.path + ": its facts differ from those of its step";
  std::vector<std::vector<int>> seen;
  for (const tune::StateTensor& t : tensors) seen.emplace_back(t.elements(), 0);
  std::string fault;
  const auto loaded = tune::load_checkpoint(
      c, tensors, [&](std::size_t index, std::uint64_t first, std::span<const float> from) -> Result<void> {
        for (std::size_t i = 0; i < from.size(); ++i) {
          ++seen[index][first + i];
          const float expected = content(c.facts.step, index, first + i);
          if (std::memcmp(&from[i], &expected, sizeof expected) != 0)
            fault = c.path + ": an element of " + tensors[index].name + " differs";
        }
        return {};
      });
  if (!loaded) return loaded.error();
  for (const auto& s : seen)
    if (std::any_of(s.begin(), s.end(), [](int n) { return n != 1; })) return c.path + ": elements missing or twice";
  return fault;
}

}  // namespace rm::tests
