// Many rubrics at once: how they are typed, which criteria come back, how much they weigh.
//
// Criteria are grouped by folded name (fold_name), and shown as most of them spell it. One thread.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/records/rubric.h"
#include "lib/stats/wilson.h"

namespace rm::rubric {

// What makes two names the same: letters without their case (ASCII), runs of white space as one blank, "&" as "and", '-' and '_' as
// a blank, no punctuation at the ends, and the last word in the singular: -ies as -y, -sses and -xes without -es, -s dropped
// unless it is -ss, -us or -is.
std::string fold_name(std::string_view name);

// A group of criteria.
struct Figure {
  std::string name;                         // the most frequent spelling; of equals the first by its bytes
  std::uint64_t rubrics = 0;                // that have it
  std::uint64_t weighted = 0;               // criteria of it with a weight
  std::optional<double> mean;               // of the weights
  std::optional<stats::Interval> interval;  // of the mean, 95 % (stats/bootstrap); from two weights on
};

struct Share {
  std::string name;
  std::uint64_t count = 0;
  stats::Interval interval;  // Wilson's, of count in all rubrics
};

struct Summary {
  std::uint64_t rubrics = 0, with_criteria = 0, with_solution = 0;
  std::uint64_t criteria = 0, weighted = 0;
  std::uint64_t full = 0;                       // rubrics whose criteria all have a weight
  std::uint64_t sum_to_one = 0;                 // of these, weights that add up to 1 (within 0.005)
  std::vector<Share> types;                     // chat, reasoning, none
  std::vector<Figure> groups;                   // the most frequent first, then by name
  std::map<std::string, std::uint64_t> unread;  // "weight: word" -> how many
};

class Tally {
 public:
  void add(const records::Rubric& r);
  Summary summary(std::uint64_t seed) const;

 private:
  struct Group {
    std::map<std::string, std::uint64_t> spellings;
    std::map<double, std::uint64_t> weights;
    std::uint64_t rubrics = 0;
  };
  Figure figure(const Group& g, std::uint64_t seed) const;

  Summary counts_;
  std::uint64_t chat_ = 0, reasoning_ = 0;
  std::unordered_map<std::string, Group> groups_;
};

std::string summary_json(const Summary& s);  // one object, one line

}  // namespace rm::rubric
