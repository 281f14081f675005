// Judged records packed for a page in a browser: a small index that is read at once, and texts in pieces that are read when
// somebody looks.
//
// Texts of the records lie once, traces once a run, each in pieces of about 128 KiB of JSON, deflated (RFC 1951) and in
// base64: nothing that a record says can end a script element or mean anything to HTML. report.js knows the form. What is
// packed is held until it is written: about a third of the text. One thread.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/hash.h"
#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/bench/tally.h"
#include "lib/records/judged.h"
#include "lib/records/pair.h"

namespace rm::report {

// JSON values in a row, cut into pieces.
class Pieces {
 public:
  explicit Pieces(std::string name) : name_(std::move(name)) {}
  void add(std::string_view json);
  void end();  // after the last; before write() and starts()
  std::uint64_t size() const { return count_; }
  const std::vector<std::uint64_t>& starts() const { return starts_; }  // the number of the first value of each piece
  Result<void> write(const std::function<Result<void>(std::string_view line)>& out);  // script elements

 private:
  std::string name_, open_;
  std::vector<std::string> packed_;
  std::vector<std::uint64_t> starts_;
  std::uint64_t count_ = 0;
};

class Browse {
 public:
  // At most `most` records are kept for looking at; the rest are counted.
  explicit Browse(std::uint64_t most) : most_(most) {}

  // A file of judged records; `bench` and `model` may become known with the first record. Returns its number.
  std::size_t add_run(std::string name);
  // `record` is the line, parsed; `judged` and `outcome` what the scores make of it. A record whose texts cannot be read is
  // kept with what is known.
  void add(std::size_t run, const records::Judged& judged, bench::Outcome outcome, const json::Value& record,
           const records::FieldMap& map);

  std::uint64_t kept() const { return keys_.size(); }
  std::uint64_t left_out() const { return left_out_; }
  std::uint64_t fingerprint() const { return fingerprint_.digest(); }  // of everything that was kept
  // All script elements, line by line; call once, at the end.
  Result<void> write(const std::function<Result<void>(std::string_view line)>& out);

 private:
  struct Entry {
    std::uint32_t bench = 0, subset = 0;
    std::string item, title;
    std::int32_t cell = 0;
  };
  struct Run {
    std::string name, model;
    std::uint32_t bench = 0;
    Pieces traces{""};
    std::vector<std::int32_t> at;  // by entry: the number of its trace; -1: none
    std::vector<std::uint8_t> outcome;
    std::string verdict;  // by entry: A B T - (none) . (not in this run)
    std::vector<float> confidence;
  };
  std::uint32_t word(std::vector<std::string>& words, std::string_view text);
  std::uint32_t add_entry(const records::Judged& judged, const json::Value& record, const records::FieldMap& map);
  std::string index() const;

  std::uint64_t most_, left_out_ = 0;
  ContentHash fingerprint_;
  std::vector<std::string> benches_, subsets_;
  std::vector<Entry> entries_;
  std::unordered_map<std::uint64_t, std::uint32_t> keys_;  // what a record is about -> its entry
  Pieces texts_{"texts"};
  std::vector<Run> runs_;
};

}  // namespace rm::report
