// What a run came to: the counts of --summary and of the closing line.
#pragma once

#include <cstdint>
#include <string>

#include "lib/base/result.h"
#include "lib/records/judgment.h"

namespace rm::rmjudge {

struct Counts {
  std::uint64_t resumed = 0;  // records that an earlier run had done
  std::uint64_t records = 0;  // done by this run: judged + failed + skipped
  std::uint64_t judged = 0, failed = 0, skipped = 0;
  std::uint64_t unparsed = 0;                      // judged, but no sample gave a verdict
  std::uint64_t incomplete = 0;                    // judged, though some of their samples failed
  std::uint64_t cut = 0;                           // samples that ended at their length
  std::uint64_t ties = 0, said_a = 0, said_b = 0;  // said: letters the model wrote
  std::uint64_t labelled = 0, correct = 0;
  std::uint64_t consistent = 0, both_orders = 0;
  std::int64_t prompt_tokens = 0, completion_tokens = 0;

  void add(const records::Judgment& j);
};

struct Run {
  std::string model, prompt_id;
  std::uint64_t seed = 0;
  double seconds = 0;
  Exit exit = Exit::kDone;
};

std::string summary_json(const Counts& c, const Run& r);  // one line, no newline
std::string closing_line(const Counts& c, const Run& r);  // for people

}  // namespace rm::rmjudge
