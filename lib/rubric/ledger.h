// The criteria found so far: names that come back, weights that arrive later, totals that points are shares of. Internal to
// criteria.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/rubric/criteria.h"
#include "lib/rubric/weight.h"

namespace rm::rubric {

class Ledger {
 public:
  bool empty() const { return entries_.empty(); }
  std::size_t size() const { return entries_.size(); }
  // A new criterion, or one that came before under the same name; it becomes the current one.
  void add(std::string name, std::string description);
  void describe(std::string_view more);  // of the current one
  // What stands in the place of the current one's weight.
  void weigh(const Amount& amount, bool named, std::string_view text);
  // Makes the one current that a second list means: by its name, by a name that begins another or is begun by it if there is only
  // one such, or by its number. False: none.
  bool find(std::string_view name);
  bool find(std::size_t number);
  bool weighed() const { return !entries_.empty() && entries_[current_].amount.has_value(); }
  void total(double points) { total_ = points; }
  void report(std::string what, std::string reason, std::string name, std::string_view text);
  // `whole`: nothing is missing, so that points may be seen to add up.
  Criteria take(bool whole);

 private:
  struct Entry {
    records::Criterion criterion;
    std::string key;
    std::optional<Amount> amount;
    bool named = false, conflict = false;
    std::string text;  // of the weight, for reports
  };
  std::optional<double> total_of_points(bool whole) const;
  double sum(Amount::Kind kind) const;

  std::vector<Entry> entries_;
  std::unordered_map<std::string, std::size_t> index_;  // name -> place
  std::size_t current_ = 0;
  std::optional<double> total_;
  std::vector<records::Unread> unread_;
};

}  // namespace rm::rubric
