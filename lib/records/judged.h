// What scores are made of, read from a judged record without parsing all of it.
//
// The line is walked once (base/json_scan): the fields below are read, traces and everything else are stepped over. Text views
// live as long as the line and, where they had escapes, until the reader's forget(). One JudgedReader a thread.
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
  std::int32_t version = 0;
  std::int32_t cell = 0;  // its place in the item, from 0
  std::int32_t n = 1;     // records of the item; -1 here and above for what is no such number
};

// What the samples of a judgment come to.
struct SampleCounts {
  std::uint32_t all = 0, swapped = 0;       // swapped: order "ba"
  std::uint32_t letters = 0, letter_a = 0;  // with a verdict as the model wrote it; that said A
  std::uint32_t cut = 0, conflicts = 0;     // reason "length", "conflict"
};

// What every record has comes first: readers on another core than the scanner's pay by the cache line.
struct Judged {
  BenchTag bench;
  std::uint64_t item_key = 0;  // a hash of subset and item; 0 without bench
  std::string_view model;
  bool has_bench = false, has_judgment = false, failed = false, is_rating = false, is_ranking = false;
  char verdict = 0;  // 'A', 'B', 'T' for a tie, 0 for null: in the ab frame
  std::optional<bool> correct, consistent;
  std::optional<Label> label;  // in the record frame
  float confidence = -1;       // -1: null
  SampleCounts samples;
  std::uint32_t firsts = 0, seconds = 0;  // answers: chosen or answer_a; rejected or answer_b
  Measure first, second;                  // of the first of each

  std::vector<Measure> more_first, more_second;  // of the others, where the record has several
  std::vector<std::optional<double>> ratings;
};

class JudgedReader {
 public:
  // The line that `text` begins with, up to its newline or the end; returns its length. Errors: Exit::kInput, reason "bad_json"
  // (message says which field).
  Result<std::size_t> read(std::string_view text, Judged& out);
  void forget() { used_ = 0; }  // texts of the lines before; their memory is used again

 private:
  void bench(json::Scan& s, BenchTag& b);
  void judgment(json::Scan& s, Judged& out);
  void samples(json::Scan& s, Judged& out);
  std::string_view text(json::Scan& s);  // unescaped

  std::deque<std::string> kept_;  // unescaped texts
  std::size_t used_ = 0;
};

// Of one raw JSON string. Line starts count as markdown does: after \n, behind blanks.
Measure measure(std::string_view raw);

}  // namespace rm::records
