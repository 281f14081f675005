// Collects judged records of one benchmark, item by item, and finds what is missing, repeated or unknown.
//
// Keeps a few dozen bytes a record and an item, never texts; names of items are kept (cut at 200 bytes) so that errors can
// name them. Nothing is averaged here: scores.h does that. One thread.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/bench/names.h"
#include "lib/bench/rules.h"
#include "lib/records/judged.h"

namespace rm::bench {

// What came of one judged record. Everything from kNoVerdict to kFailed has no verdict.
enum class Outcome : std::uint8_t { kRight, kWrong, kTie, kNoVerdict, kLength, kConflict, kFailed, kUnlabelled };
inline constexpr int kOutcomes = 8;
std::string_view name(Outcome o);

// A share as it fits in a byte: of 12 (so that halves, thirds and quarters are exact), or none.
inline constexpr std::uint8_t kNoShare = 255;

struct Row {
  std::uint32_t item = 0;
  std::int32_t longer = 0;  // characters of the right answer less those of the other
  std::int16_t marks = 0;   // markdown likewise
  std::uint8_t cell = 0;
  Outcome outcome = Outcome::kWrong;
  std::uint8_t credit = 0;  // of a rating with ties at the top a part; without a verdict what chance would get
  std::uint8_t letters = 0, letter_a = 0;  // verdicts as written, and those that say A; at most 255
  std::uint8_t agree = kNoShare;           // both orders
  std::uint8_t first = kNoShare, longest = kNoShare, shortest = kNoShare;  // what content-free judges would have got
};

struct Item {
  std::uint64_t key = 0, seen = 0;  // seen: bits of cells
  std::uint32_t name = 0;
  std::uint16_t subset = 0, n = 1;
};

// Ratings of a "Ties" prompt of RewardBench 2: ids are ref:N and tied:N.
struct TiesPrompt {
  bool tied = false;
  std::int64_t prompt = 0;
  std::size_t right = 0;
  std::vector<std::optional<double>> ratings;  // empty: the record failed
};

// Records by what came of them.
struct Counts {
  std::uint64_t records = 0, unreadable = 0;
  std::array<std::uint64_t, kOutcomes> outcomes{};
  std::uint64_t of(Outcome o) const { return outcomes[static_cast<std::size_t>(o)]; }
};

// How sure the judge was against how often it was right: ten bins of `confidence`.
struct Bin {
  std::uint64_t n = 0, right = 0;
  double confidence = 0;  // sum
};

// Where a record stood, for messages: made into text only when one is needed.
struct Where {
  const std::string& name;
  std::uint64_t line = 0;
  std::string text() const { return name + ":" + std::to_string(line); }
};

class Tally {
 public:
  // From prepare's output: only these items belong, and all of them must come. Before any add().
  Result<void> expect(const records::Judged& prepared, const Where& where);
  // Errors: Exit::kInput, reason "no_bench", "other_bench", "bad_bench", "no_judgment", "not_rated" for what is no judged record
  // of one benchmark; "lost_line" for a failure record of a line that could not be read. Repeated and unknown items are kept
  // for check().
  Result<void> add(const records::Judged& r, const Where& where);
  // Warms the cache for an add() that comes soon.
  void prefetch(const records::Judged& r) const {
    if (!table_.empty()) __builtin_prefetch(&table_[r.item_key & (table_.size() - 1)]);
  }
  void unreadable() { ++counts_.unreadable; }

  // Exit::kInput, reason "incomplete", naming what is missing, repeated or unknown. With `partial` missing ones are allowed.
  Result<void> check(bool partial) const;
  // What is missing, in words, for a partial run; empty where nothing is.
  std::vector<std::string> missing() const;

  // Numbers items and subsets as `other` has them, so that rows and slots of the two correspond. Exit::kInput, reason
  // "other_items", naming what only one of them has.
  Result<void> align_to(const Tally& other);

  // Sorted by item and cell.
  const std::vector<Row>& rows();
  const std::vector<Item>& items() const { return items_; }
  const std::vector<std::string>& subsets() const { return subsets_; }
  std::string item_name(const Item& i) const;
  const std::vector<TiesPrompt>& ties() const { return ties_; }
  const Rules* rules() const { return rules_; }
  const Counts& counts() const { return counts_; }
  const std::array<Bin, 10>& bins() const { return bins_; }
  const std::vector<std::string>& models() const { return models_; }

 private:
  Result<void> place(const records::BenchTag& tag, const Where& where);
  Result<std::uint16_t> subset_of(std::string_view name, const Where& where);
  void grow();
  std::uint64_t wanted(std::size_t item) const;
  std::size_t find_item(std::uint64_t key, std::uint16_t subset) const;
  std::size_t item_of(const records::BenchTag& tag, std::uint64_t key, std::uint16_t subset, bool make);
  Result<void> add_prompt(const records::Judged& r, Row& row, const Where& where);
  void problem(std::string text) {
    if (++problem_count_ <= 10) problems_.push_back(std::move(text));
  }
  void count(const records::Judged& r);

  const Rules* rules_ = nullptr;
  bool expecting_ = false;
  std::vector<std::string> subsets_;
  std::map<std::string, std::uint16_t, std::less<>> subset_index_;
  std::array<std::uint16_t, 256> recent_{};  // subsets by the hash of their name: a guess that is checked
  std::vector<Item> items_;
  std::vector<std::uint64_t> expected_;  // by item: bits of cells; empty unless expecting
  std::vector<std::uint64_t> table_;     // open addressing: high bits of the key, then item + 1; 0 is free
  Names names_;
  std::vector<Row> rows_;
  std::vector<TiesPrompt> ties_;
  Counts counts_;
  std::array<Bin, 10> bins_{};
  std::vector<std::string> models_, problems_;
  std::uint64_t problem_count_ = 0;
  bool sorted_ = true;
};

// The row of a record apart from its item: outcome, credit, content-free judges.
Row row_of(const records::Judged& r);

}  // namespace rm::bench
