// What vetting came to: rubrics kept and why others were not, accuracy with the rubric and without, each with its interval.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "lib/base/json.h"
#include "lib/records/vet.h"

namespace rm::rmrubric {

struct VetCounts {
  std::uint64_t rubrics = 0, reproduced = 0;     // reproduced: judging by the rubric came to the label
  std::map<std::string, std::uint64_t> reasons;  // of Vet::reason
  std::uint64_t right_with = 0, right_without = 0, only_with = 0, only_without = 0;
  std::uint64_t unparsed_with = 0, unparsed_without = 0;  // no verdict
  std::uint64_t incomplete = 0;                           // some of their samples failed
  std::int64_t prompt_tokens = 0, completion_tokens = 0;

  void add(const records::Vet& v);
  void members(json::Writer& w) const;
  std::string words() const;  // several lines for people; no newline at the end
};

}  // namespace rm::rmrubric
