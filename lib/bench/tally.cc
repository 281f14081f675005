#include "lib/bench/tally.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>

#include "lib/base/escape.h"
#include "lib/base/hash.h"
#include "lib/base/number.h"

namespace rm::bench {
namespace {

using records::BenchTag;
using records::Judged;

constexpr std::int64_t kMostCells = 64;
constexpr std::size_t kNamed = 10;
constexpr std::uint64_t kHigh = ~std::uint64_t{UINT32_MAX};

Error bad(std::string reason, std::string message, const Where& where) {
  return make_error(Exit::kInput, std::move(reason), std::move(message), where.text());
}

std::string shown(std::string_view s) { return "\"" + escape_text(s, 80) + "\""; }

std::string cell_words(std::uint64_t cells) {
  std::string out;
  for (int c = 0; c < kMostCells; ++c) {
    if (cells >> c & 1) out += (out.empty() ? "" : ", ") + std::to_string(c);
  }
  return out;
}

}  // namespace

Result<void> Tally::place(const BenchTag& tag, const Where& where) {
  const Rules* r = rules_ != nullptr && tag.name == rules_->name ? rules_ : find_rules(tag.name);
  if (r == nullptr)
    return bad("bad_bench", "bench.name is " + shown(tag.name) + ", which is no benchmark known here", where);
  if (rules_ == nullptr) rules_ = r;
  if (r != rules_) {
    return bad("other_bench",
               "the record belongs to " + std::string(r->name) + ", those before it to " + std::string(rules_->name) +
                   "; score one benchmark at a time",
               where);
  }
  if (tag.version != r->version) {
    return bad("bad_bench",
               "bench.version is " + std::to_string(tag.version) + "; this program knows version " +
                   std::to_string(r->version) + " of " + std::string(r->name),
               where);
  }
  if (tag.n < 1 || tag.n > kMostCells || tag.cell < 0 || tag.cell >= tag.n || tag.item.empty() ||
      (r->kind == Kind::kRmBench && tag.n != kCells)) {
    return bad("bad_bench", "bench has no item, or a cell and n that do not fit together", where);
  }
  return {};
}

Result<std::uint16_t> Tally::subset_of(std::string_view name, const Where& where) {
  std::uint16_t& recent = recent_[hash64(name) % recent_.size()];
  if (recent < subsets_.size() && subsets_[recent] == name) return recent;
  if (const auto known = subset_index_.find(name); known != subset_index_.end()) return recent = known->second;
  if (subsets_.size() >= UINT16_MAX) return bad("bad_bench", "more than 65,535 subsets", where);
  const bool fixed = !rules_->subsets.empty();
  const bool listed = std::ranges::any_of(rules_->subsets, [&](const Subset& s) { return s.name == name; });
  if ((fixed && !listed) || (rules_->kind == Kind::kRmb && find_part(name) == nullptr))
    problem(where.text() + ": unknown subset " + shown(name));
  subsets_.emplace_back(name);
  const auto index = static_cast<std::uint16_t>(subsets_.size() - 1);
  subset_index_.emplace(name, index);
  return index;
}

std::uint64_t Tally::wanted(std::size_t item) const {
  if (expecting_) return expected_[item];
  const int n = items_[item].n;
  return n >= kMostCells ? ~std::uint64_t{0} : (std::uint64_t{1} << n) - 1;
}

// Three quarters full at most.
void Tally::grow() {
  if (4 * (items_.size() + 1) <= 3 * table_.size()) return;
  table_.assign(std::bit_ceil(std::max<std::size_t>(1024, 2 * items_.size())), 0);
  for (std::size_t i = 0; i < items_.size(); ++i) {
    std::size_t at = items_[i].key & (table_.size() - 1);
    while (table_[at] != 0) at = (at + 1) & (table_.size() - 1);
    table_[at] = (items_[i].key & kHigh) | (i + 1);
  }
}

// The place of an item; items_.size() where there is none.
std::size_t Tally::find_item(std::uint64_t key, std::uint16_t subset) const {
  if (table_.empty()) return items_.size();
  for (std::size_t at = key & (table_.size() - 1); table_[at] != 0; at = (at + 1) & (table_.size() - 1)) {
    if ((table_[at] & kHigh) != (key & kHigh)) continue;
    const std::size_t i = (table_[at] & ~kHigh) - 1;
    if (items_[i].key == key && items_[i].subset == subset) return i;
  }
  return items_.size();
}

std::size_t Tally::item_of(const BenchTag& tag, std::uint64_t key, std::uint16_t subset, bool make) {
  const std::size_t known = find_item(key, subset);
  if (known < items_.size() || !make || items_.size() >= UINT32_MAX - 1) return known;
  grow();
  std::size_t at = key & (table_.size() - 1);
  while (table_[at] != 0) at = (at + 1) & (table_.size() - 1);
  items_.push_back(
      {.key = key, .name = names_.add(tag.item), .subset = subset, .n = static_cast<std::uint16_t>(tag.n)});
  table_[at] = (key & kHigh) | items_.size();
  return items_.size() - 1;
}

Result<void> Tally::expect(const Judged& r, const Where& where) {
  if (!r.has_bench) return bad("no_bench", "the record has no field bench: it is not from rm-eval prepare", where);
  RM_TRY(place(r.bench, where));
  expecting_ = true;
  RM_ASSIGN(const std::uint16_t subset, subset_of(r.bench.subset, where));
  const std::size_t i = item_of(r.bench, r.item_key, subset, true);
  if (i == items_.size()) return bad("bad_bench", "too many items", where);
  expected_.resize(items_.size());
  expected_[i] |= std::uint64_t{1} << r.bench.cell;
  return {};
}

void Tally::count(const Judged& r) {
  if (r.confidence >= 0 && r.correct && (r.verdict == 'A' || r.verdict == 'B')) {
    Bin& b = bins_[static_cast<std::size_t>(std::clamp(static_cast<int>(r.confidence * 10), 0, 9))];
    ++b.n;
    b.right += *r.correct;
    b.confidence += r.confidence;
  }
  if (!r.model.empty() && (models_.empty() || r.model != models_.back()) && models_.size() < kNamed &&
      std::ranges::find(models_, r.model) == models_.end())
    models_.emplace_back(r.model);
}

Result<void> Tally::add_prompt(const Judged& r, Row& row, const Where& where) {
  const std::string_view label = r.bench.item;
  const auto colon = label.find(':');
  const auto number = colon == label.npos ? std::nullopt : parse_int(label.substr(colon + 1));
  const bool tied = label.substr(0, colon) == "tied";
  if (!number || (!tied && label.substr(0, colon) != "ref"))
    return bad("bad_bench", "a Ties item is named ref:N or tied:N; this one is " + shown(label), where);
  TiesPrompt t{tied, *number, r.firsts, {}};
  if (!r.failed) {
    if (!r.is_rating)
      return bad("not_rated", "the Ties subset is scored from ratings: judge it with rm-judge --rate 1-10", where);
    if (r.firsts < (tied ? 2u : 1u) || r.seconds == 0 || r.ratings.size() != std::size_t{r.firsts} + r.seconds)
      return bad("bad_bench", "a Ties record holds right answers (two or more where tied) and wrong ones, each rated",
                 where);
    t.ratings = r.ratings;
    if (row.outcome < Outcome::kNoVerdict) {
      const auto split = r.ratings.begin() + static_cast<std::ptrdiff_t>(t.right);
      const bool accurate = *std::min_element(r.ratings.begin(), split) > *std::max_element(split, r.ratings.end());
      row.outcome = accurate ? Outcome::kRight : Outcome::kWrong;
    }
  }
  ties_.push_back(std::move(t));
  return {};
}

Result<void> Tally::add(const Judged& r, const Where& where) {
  if (!r.has_bench && r.failed)
    return bad("lost_line", "a failure record of a line that was no record: it counts for no item", where);
  if (!r.has_bench)
    return bad("no_bench", "the record has no field bench: prepare the pairs with rm-eval prepare, then judge them",
               where);
  if (!r.has_judgment && !r.failed) return bad("no_judgment", "the record has no judgment; run rm-judge on it", where);
  RM_TRY(place(r.bench, where));
  RM_ASSIGN(const std::uint16_t subset, subset_of(r.bench.subset, where));
  const std::size_t i = item_of(r.bench, r.item_key, subset, !expecting_);
  const std::string_view label = r.bench.item;
  if (i == items_.size())
    return problem(where.text() + ": unknown item " + shown(label) + " of " + shown(r.bench.subset)), Result<void>();
  Item& item = items_[i];
  const std::uint64_t bit = std::uint64_t{1} << r.bench.cell;
  if (expecting_ && (expected_[i] & bit) == 0) {
    problem(where.text() + ": unknown cell " + std::to_string(r.bench.cell) + " of item " + shown(label));
    return {};
  }
  if (item.n != r.bench.n) return bad("bad_bench", "item " + shown(label) + " has another n than before", where);
  if (item.seen & bit) {
    const std::string cell = item.n > 1 ? ", cell " + std::to_string(r.bench.cell) : "";
    problem(where.text() + ": item " + shown(label) + cell + " of " + shown(r.bench.subset) + " is repeated");
    return {};
  }
  item.seen |= bit;
  Row row = row_of(r);
  row.item = static_cast<std::uint32_t>(i);
  row.cell = static_cast<std::uint8_t>(r.bench.cell);
  if (rules_->kind == Kind::kRewardBench2 && r.bench.subset == kTies) RM_TRY(add_prompt(r, row, where));
  if (!rows_.empty() &&
      (rows_.back().item > row.item || (rows_.back().item == row.item && rows_.back().cell > row.cell)))
    sorted_ = false;
  rows_.push_back(row);
  ++counts_.records;
  ++counts_.outcomes[static_cast<std::size_t>(row.outcome)];
  count(r);
  return {};
}

std::vector<std::string> Tally::missing() const {
  std::vector<std::string> out;
  if (rules_ == nullptr) return {"no records"};
  std::vector<std::int64_t> whole(subsets_.size(), 0);
  std::vector<std::string> holes;
  std::uint64_t more = 0;
  for (std::size_t at = 0; at < items_.size(); ++at) {
    const Item& i = items_[at];
    const std::uint64_t absent = wanted(at) & ~i.seen;
    whole[i.subset] += i.seen != 0;
    if (absent == 0) continue;
    if (holes.size() >= kNamed) {
      ++more;
      continue;
    }
    const std::string cells = i.n > 1 ? ", cell " + cell_words(absent) : "";
    holes.push_back("item " + shown(names_.get(i.name)) + cells + " of " + shown(subsets_[i.subset]) + " is missing");
  }
  if (!expecting_) {
    const auto compare = [&](const std::string& what, std::int64_t have, std::int64_t want) {
      if (have < want) out.push_back(what + ": " + std::to_string(have) + " of " + std::to_string(want) + " items");
    };
    for (const Subset& s : rules_->subsets) {
      const auto at = subset_index_.find(s.name);
      compare("subset " + std::string(s.name), at == subset_index_.end() ? 0 : whole[at->second], s.items);
    }
    if (rules_->kind == Kind::kRmb) {
      for (const Part& p : rmb_parts()) {
        std::int64_t have = 0;
        for (std::size_t s = 0; s < subsets_.size(); ++s) have += find_part(subsets_[s]) == &p ? whole[s] : 0;
        compare(std::string(p.name), have, p.items);
      }
    }
  }
  out.insert(out.end(), holes.begin(), holes.end());
  if (more > 0) out.push_back("and " + format_grouped(more) + " more items");
  return out;
}

Result<void> Tally::check(bool partial) const {
  std::vector<std::string> all = problems_;
  if (problem_count_ > problems_.size())
    all.push_back("and " + format_grouped(problem_count_ - problems_.size()) + " more like these");
  if (!expecting_ && rules_ != nullptr) {
    for (const Subset& s : rules_->subsets) {
      std::int64_t have = 0;
      const auto at = subset_index_.find(s.name);
      if (at == subset_index_.end()) continue;
      for (const Item& i : items_) have += i.subset == at->second;
      if (have > s.items)
        all.push_back("subset " + std::string(s.name) + ": " + std::to_string(have) +
                      " items, which is more than its " + std::to_string(s.items));
    }
  }
  const bool wrong = !all.empty();
  if (!partial || rules_ == nullptr) {
    for (std::string& m : missing()) all.push_back(std::move(m));
  }
  if (all.empty()) return {};
  std::string text;
  for (const std::string& a : all) text += (text.empty() ? "" : "; ") + a;
  if (!wrong && rules_ != nullptr) text += " (--partial scores what is there)";
  return make_error(Exit::kInput, "incomplete", text);
}

const std::vector<Row>& Tally::rows() {
  if (!sorted_) {
    std::sort(rows_.begin(), rows_.end(),
              [](const Row& a, const Row& b) { return a.item != b.item ? a.item < b.item : a.cell < b.cell; });
  }
  sorted_ = true;
  return rows_;
}

std::string Tally::item_name(const Item& i) const { return std::string(names_.get(i.name)); }

}  // namespace rm::bench
