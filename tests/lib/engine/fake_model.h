// A StepModel whose logits are a function of the whole token history, read back from the pages it was told to use.
//
// Every slot of a page remembers its token, its position and a rolling hash of the history. A step checks that all
// earlier slots belong to one unbroken history and that no two spans write the same page: a page freed too early,
// shared too widely or handed out twice shows as a fault, and a wrong history as wrong tokens.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "lib/model/step.h"

namespace rm::engine::fake {

inline std::uint64_t mix(std::uint64_t h, std::uint64_t v) {
  h = (h ^ v) * 0x9E3779B97F4A7C15ull;
  h ^= h >> 29;
  h *= 0xBF58476D1CE4E5B9ull;
  return h ^ (h >> 32);
}

inline std::uint64_t extend(std::uint64_t history, std::int32_t token) {
  return mix(history, static_cast<std::uint64_t>(token) + 1);
}

// The logits after a history: peaked enough that greedy replies do not all look alike. `echo`: a token that seven of eight
// histories prefer, or -1.
inline void logits_of(std::uint64_t history, std::span<float> row, std::int32_t echo = -1) {
  for (std::size_t i = 0; i < row.size(); ++i) row[i] = static_cast<float>(mix(history, i + 7) >> 40) / 0x1p24f * 6.0f;
  if (echo >= 0 && history % 8 != 0) row[static_cast<std::size_t>(echo)] += 12;
}

struct Shape {
  std::int64_t vocab = 61, context = 400;
  int page_tokens = 4;
  std::int64_t period = 0;  // > 0: replies mostly repeat the token so many places before
  bool exact = true;        // false: the way a token was computed leaves a trace in the result, as rounding does
};

class Model : public model::StepModel {
 public:
  explicit Model(Shape s) : s_(s) {}

  std::int64_t vocab() const override { return s_.vocab; }
  std::int64_t context() const override { return s_.context; }
  int page_tokens() const override { return s_.page_tokens; }
  std::uint64_t page_bytes() const override { return 1024; }
  std::uint64_t weight_bytes() const override { return 1'000'000; }
  bool rows_independent() const override { return s_.exact; }
  std::string device() const override { return "cpu"; }
  std::string dtype() const override { return "f32"; }
  std::string isa() const override { return "none"; }

  Result<void> allocate(std::int64_t pages) override {
    slots_.assign(static_cast<std::size_t>(pages * s_.page_tokens), {});
    return {};
  }

  Result<void> copy_page(std::int32_t from, std::int32_t to) override {
    const auto at = [&](std::int32_t page) { return slots_.begin() + std::int64_t{page} * s_.page_tokens; };
    std::copy_n(at(from), s_.page_tokens, at(to));
    ++copied;
    return {};
  }

  Result<std::span<const float>> run(std::span<const model::Span> spans, int pad_rows) override {
    ++runs;
    std::int64_t tokens = 0;
    for (const auto& s : spans) tokens += static_cast<std::int64_t>(s.tokens.size());
    if (most_tokens > 0 && tokens > most_tokens)
      return make_error(Exit::kResources, "no_memory", "the step is too large");
    if (pad_rows > 0 && tokens > pad_rows) return fault("more tokens than padded rows");
    out_.clear();
    std::set<std::int32_t> written;
    for (const auto& s : spans) {
      if (auto r = run_span(s, pad_rows, written); !r) return r.error();
    }
    if (poison) out_[out_.size() / 2] = std::nanf("");
    return std::span<const float>(out_);
  }

  std::int64_t most_tokens = 0;  // > 0: larger steps run out of memory
  bool poison = false;           // put a NaN into the logits
  std::int64_t runs = 0, computed = 0, copied = 0;

 private:
  struct Slot {
    std::int64_t position = -1;
    std::int32_t token = -1;
    std::uint64_t history = 0;
  };

  static Error fault(std::string what) { return make_error(Exit::kBug, "fault", std::move(what)); }

  Result<void> run_span(const model::Span& s, int pad_rows, std::set<std::int32_t>& written) {
    if (s.tokens.empty()) return fault("an empty span");
    const auto slot = [&](std::int64_t p) -> Slot& {
      const auto page = s.pages[static_cast<std::size_t>(p / s_.page_tokens)];
      return slots_[static_cast<std::size_t>(page) * static_cast<std::size_t>(s_.page_tokens) +
                    static_cast<std::size_t>(p % s_.page_tokens)];
    };
    const auto end = s.position + static_cast<std::int64_t>(s.tokens.size());
    if (end > static_cast<std::int64_t>(s.pages.size()) * s_.page_tokens)
      return fault("the pages do not cover the span");
    if (end > s_.context) return fault("the span goes beyond the context");
    std::uint64_t history = 1;
    for (std::int64_t p = 0; p < s.position; ++p) {
      if (slot(p).position != p) return fault("position " + std::to_string(p) + " is not in the cache");
      if (slot(p).history != step_of(history, slot(p)))
        return fault("position " + std::to_string(p) + " belongs to another history");
      history = slot(p).history;
    }
    std::set<std::int32_t> mine;
    for (std::size_t i = 0; i < s.tokens.size(); ++i) {
      const auto p = s.position + static_cast<std::int64_t>(i);
      mine.insert(s.pages[static_cast<std::size_t>(p / s_.page_tokens)]);
      Slot& t = slot(p);
      t = {p, s.tokens[i], 0};
      t.history =
          step_of(history, t) ^ (s_.exact ? 0 : trace(pad_rows, static_cast<std::int64_t>(i), s.tokens.size() == 1));
      if (!s_.exact) noise_.insert(t.history);
      history = t.history;
      if (s.all_logits || (s.logits && i + 1 == s.tokens.size())) {
        out_.resize(out_.size() + static_cast<std::size_t>(s_.vocab));
        const bool echoes = s_.period > 0 && p + 1 >= s_.period;
        logits_of(history, std::span(out_).last(static_cast<std::size_t>(s_.vocab)),
                  echoes ? slot(p + 1 - s_.period).token : -1);
      }
      ++computed;
    }
    for (const auto page : mine) {
      if (!written.insert(page).second) return fault("two spans write page " + std::to_string(page));
    }
    return {};
  }

  // What the history at a slot must be, given the one before it; with traces left by shapes, what it is.
  std::uint64_t step_of(std::uint64_t before, const Slot& t) const {
    const std::uint64_t h = extend(before, t.token);
    return !s_.exact && noise_.contains(t.history) ? t.history : h;
  }
  // Prompt steps: the row decides; decode steps: only that it is one.
  static std::uint64_t trace(int pad_rows, std::int64_t row, bool decode) {
    return mix(static_cast<std::uint64_t>(pad_rows), pad_rows == 16 && decode ? 999 : static_cast<std::uint64_t>(row));
  }

  Shape s_;
  std::vector<Slot> slots_;
  std::vector<float> out_;
  std::set<std::uint64_t> noise_;
};

}  // namespace rm::engine::fake
