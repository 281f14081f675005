// What scores are made of, read from a judged record without parsing all of it.
//
// The line is walked once (base/json_scan): the fields below are read, traces and everything else are stepped over. Text views
// live as long as the line. One JudgedReader a thread; it keeps its memory between lines.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/json_scan.h"
#include "lib/base/result.h"
#include "lib/records/pair.h"

namespace rm::records {

// How long an answer is and how much markdown it holds (headers, list items, bold spans).
struct Measure {
  std::uint32_t characters = 0, marks = 0;
};

// Which item of which benchmark a record is: the field `bench` that rm-eval prepare writes.
struct BenchTag {
  std::string_view name, subset, item;
  std::int64_t version = 0;
  std::int64_t cell = 0;  // its place in the item, from 0
  std::int64_t n = 1;     // records of the item
};

enum class Why : std::uint8_t { kOk, kNoVerdict, kConflict, kLength, kError };

struct SampleMark {
  bool swapped = false;  // order "ba"
  char letter = 0;       // 'A', 'B', as the model wrote it; 0: none
  Why why = Why::kOk;
};

struct Judged {
  bool has_bench = false, has_judgment = false, failed = false;
  std::string_view error_code;  // of a failure record
  BenchTag bench;
  std::string_view model;

  char verdict = 0;  // 'A', 'B', 'T' for a tie, 0 for null: in the ab frame
  std::optional<bool> correct, consistent;
  std::optional<double> confidence;
  std::vector<SampleMark> samples;
  bool is_rating = false, is_ranking = false;
  std::vector<std::optional<double>> ratings;
  std::vector<std::int64_t> ranking;

  std::optional<Label> label;          // in the record frame
  std::vector<Measure> first, second;  // chosen or answer_a; rejected or answer_b: one of each but for N-way records
};

class JudgedReader {
 public:
  // The line as it stood in the file. Errors: Exit::kInput, reason "bad_json" (message says which field).
  Result<void> read(std::string_view line, Judged& out);

 private:
  void bench(json::Scan& s, BenchTag& b);
  void judgment(json::Scan& s, Judged& out);
  void samples(json::Scan& s, Judged& out);
  std::string_view text(json::Scan& s);  // unescaped; lives until the next line

  std::deque<std::string> kept_;  // unescaped texts of this line
  std::size_t used_ = 0;
};

// Of one raw JSON string. Line starts count as markdown does: after \n, behind blanks.
Measure measure(std::string_view raw);

}  // namespace rm::records
