// What a run of teach or correct came to: chains by status, reason and pass, the balance of their labels, tokens spent and written.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <string>

#include "lib/base/json.h"
#include "lib/records/chain.h"

namespace rm::distill {

class Tally {
 public:
  // What is counted of a chain, without its texts.
  struct Entry {
    Entry(const records::Chain& c)  // NOLINT(google-explicit-constructor)
        : status(c.status),
          reason(c.reason),
          pass(c.pass),
          verdict(c.verdict),
          prompt_tokens(c.prompt_tokens),
          completion_tokens(c.completion_tokens) {}
    records::ChainStatus status;
    std::string reason;
    int pass;
    char verdict;
    std::int64_t prompt_tokens, completion_tokens;
  };
  // `asked`: a reply of this run decided it; else it was passed on as it came.
  void add(const Entry& c, bool asked);
  void failed(const std::string& code) { ++reasons_[code]; }
  void passed_failure(const std::string& code) {
    ++failed_before_, ++reasons_[code];
  }  // no chain, passed on as it came

  std::int64_t tokens() const { return prompt_tokens_ + completion_tokens_; }  // of this run's requests
  std::uint64_t asked() const { return asked_; }
  std::uint64_t kept() const { return kept_[0] + kept_[1]; }
  std::uint64_t wrong() const { return wrong_; }
  std::uint64_t leaks() const { return leak_; }
  std::uint64_t failed_before() const { return failed_before_; }  // passed on with the failure they came with

  // Members of the summary's object: asked, kept, wrong, leak, reasons, labels, tokens, histogram.
  void write(json::Writer& w) const;
  // For people, two lines: statuses; labels and tokens.
  std::string text() const;

 private:
  static constexpr std::size_t kBins = 11;  // up to 64, 128, ... 32,768 tokens, and more
  struct Bin {
    std::uint64_t kept = 0, other = 0;
  };
  struct Labels {
    std::uint64_t a = 0, b = 0;
    void add(char verdict) { ++(verdict == 'A' ? a : b); }
  };
  std::uint64_t asked_ = 0, wrong_ = 0, leak_ = 0, failed_before_ = 0;
  std::array<std::uint64_t, 2> kept_{};  // by pass
  std::map<std::string, std::uint64_t> reasons_;
  Labels seen_, kept_labels_;
  std::int64_t prompt_tokens_ = 0, completion_tokens_ = 0;
  std::array<Bin, kBins> lengths_{};
};

}  // namespace rm::distill
