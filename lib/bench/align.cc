#include <algorithm>
#include <bit>

#include "lib/base/escape.h"
#include "lib/base/number.h"
#include "lib/bench/tally.h"

namespace rm::bench {
namespace {

constexpr std::size_t kNamed = 10;

// Gathers what only one side has, in words.
class Mismatch {
 public:
  void add(const std::string& text) {
    if (++count_ <= kNamed) text_ += (text_.empty() ? "" : "; ") + text;
  }
  Result<void> result() const {
    if (count_ == 0) return {};
    std::string all = text_;
    if (count_ > kNamed) all += "; and " + format_grouped(count_ - kNamed) + " more";
    return make_error(Exit::kInput, "other_items", "the items are not those of the first file: " + all);
  }

 private:
  std::size_t count_ = 0;
  std::string text_;
};

}  // namespace

Result<void> Tally::align_to(const Tally& other) {
  if (rules_ != other.rules_ || rules_ == nullptr)
    return make_error(Exit::kInput, "other_items", "the files are not of one benchmark");
  std::vector<std::uint16_t> subset_to(subsets_.size(), UINT16_MAX);
  for (std::size_t s = 0; s < subsets_.size(); ++s) {
    const auto at = std::ranges::find(other.subsets_, subsets_[s]);
    if (at != other.subsets_.end()) subset_to[s] = static_cast<std::uint16_t>(at - other.subsets_.begin());
  }
  Mismatch mismatch;
  const auto words = [](const Tally& t, const Item& i, std::uint64_t cells) {
    std::string out =
        "item \"" + escape_text(t.names_.get(i.name), 80) + "\" of \"" + escape_text(t.subsets_[i.subset], 80) + "\"";
    if (i.n > 1 && cells != 0) out += ", cell " + std::to_string(std::countr_zero(cells));
    return out;
  };
  std::vector<std::uint64_t> found(other.items_.size(), 0);
  std::vector<std::uint32_t> item_to(items_.size(), UINT32_MAX);
  for (std::size_t i = 0; i < items_.size(); ++i) {
    const Item& mine = items_[i];
    if (mine.seen == 0) continue;
    std::size_t to = other.items_.size();
    if (subset_to[mine.subset] != UINT16_MAX) to = other.find_item(mine.key, subset_to[mine.subset]);
    const std::uint64_t theirs = to < other.items_.size() ? other.items_[to].seen : 0;
    if ((mine.seen & ~theirs) != 0) mismatch.add(words(*this, mine, mine.seen & ~theirs) + " is only in this one");
    if (to == other.items_.size()) continue;
    found[to] = mine.seen;
    item_to[i] = static_cast<std::uint32_t>(to);
  }
  for (std::size_t i = 0; i < other.items_.size(); ++i) {
    const std::uint64_t absent = other.items_[i].seen & ~found[i];
    if (absent != 0) mismatch.add(words(other, other.items_[i], absent) + " is only in the first");
  }
  RM_TRY(mismatch.result());
  for (Row& r : rows_) r.item = item_to[r.item];
  subsets_ = other.subsets_;
  items_ = other.items_;
  sorted_ = false;
  return {};
}

}  // namespace rm::bench
