#include "lib/rubric/ledger.h"

#include <algorithm>
#include <cmath>

#include "lib/rubric/spelling.h"
#include "lib/text/utf8.h"

namespace rm::rubric {
namespace {

using Kind = Amount::Kind;

constexpr double kClose = 0.005;
constexpr std::size_t kShown = 120;

// Names that differ only in case, blanks or their last punctuation are one here; fold_name() of many rubrics goes further.
std::string plain_name(std::string_view name) {
  std::string out;
  for (const char c : lower(trim(name, " \t\r\n.:,;*_`\""))) {
    if (c != ' ' || out.empty() || out.back() != ' ') out += c;
  }
  return out;
}

}  // namespace

void Ledger::add(std::string name, std::string description) {
  std::string key = plain_name(name);
  const auto [at, first] = index_.emplace(key, entries_.size());
  current_ = at->second;
  if (!first) return;
  Entry& e = entries_.emplace_back();
  e.criterion.name = std::move(name);
  e.criterion.description = std::move(description);
  e.key = std::move(key);
}

void Ledger::describe(std::string_view more) {
  if (entries_.empty()) return;
  std::string& d = entries_[current_].criterion.description;
  if (!d.empty() && !more.empty()) d += ' ';
  d += more;
}

void Ledger::weigh(const Amount& amount, bool named, std::string_view text) {
  if (entries_.empty()) return;
  Entry& e = entries_[current_];
  const bool number = amount.kind != Kind::kNone;
  if (!e.amount || (e.amount->kind == Kind::kNone && number)) {
    e.amount = amount;
    e.named = named;
    e.text = trim(text);
  } else if (number && (e.amount->kind != amount.kind || e.amount->value != amount.value)) {
    e.conflict = true;
    e.text += " / " + std::string(trim(text));
  }
}

bool Ledger::find(std::string_view name) {
  const std::string key = plain_name(name);
  if (key.empty()) return false;
  if (const auto at = index_.find(key); at != index_.end()) return current_ = at->second, true;
  std::size_t found = 0, place = 0;
  for (std::size_t i = 0; i < entries_.size() && entries_.size() < 100; ++i) {  // a list a person would write
    const std::string& other = entries_[i].key;
    if (other.starts_with(key) || (key.starts_with(other) && !other.empty())) ++found, place = i;
  }
  if (found != 1) return false;
  current_ = place;
  return true;
}

bool Ledger::find(std::size_t number) {
  if (number == 0 || number > entries_.size()) return false;
  current_ = number - 1;
  return true;
}

void Ledger::report(std::string what, std::string reason, std::string name, std::string_view text) {
  unread_.push_back(
      {std::move(what), std::move(reason), std::move(name), std::string(text::first_code_points(trim(text), kShown))});
}

double Ledger::sum(Kind kind) const {
  double s = 0;
  for (const Entry& e : entries_) {
    if (e.amount && e.amount->kind == kind) s += e.amount->value;
  }
  return s;
}

// What points are shares of: the total that was stated, or 100 or 10 where the points of all criteria add up to it.
std::optional<double> Ledger::total_of_points(bool whole) const {
  if (total_) return total_;
  const bool all = whole && entries_.size() > 1 && std::ranges::all_of(entries_, [](const Entry& e) {
                     return e.amount && (e.amount->kind == Kind::kPoints || e.amount->kind == Kind::kBare);
                   });
  const double s = sum(Kind::kPoints) + sum(Kind::kBare);
  if (all && (s == 100 || s == 10)) return s;
  return std::nullopt;
}

Criteria Ledger::take(bool whole) {
  Criteria out;
  const auto total = total_of_points(whole);
  const bool shares = whole && std::abs(sum(Kind::kRatio) - 1) <= kClose;
  for (Entry& e : entries_) {
    const char* why = nullptr;
    if (e.conflict) {
      why = "conflict";
    } else if (e.amount && e.amount->kind == Kind::kNone) {
      why = e.amount->why;
    } else if (e.amount && e.amount->kind == Kind::kFraction) {
      e.criterion.weight = e.amount->value;
    } else if (e.amount && e.amount->kind == Kind::kRatio) {
      if (e.named || shares) e.criterion.weight = e.amount->value;
      if (!e.criterion.weight) why = "no_total";
    } else if (e.amount) {
      if (total && *total > 0 && e.amount->value <= *total) e.criterion.weight = e.amount->value / *total;
      if (!e.criterion.weight) why = total ? "out_of_range" : "no_total";
    }
    if (why != nullptr) report("weight", why, e.criterion.name, e.text);
    out.list.push_back(std::move(e.criterion));
  }
  out.unread = std::move(unread_);
  return out;
}

}  // namespace rm::rubric
