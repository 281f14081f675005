#include "lib/rubric/table.h"

#include <algorithm>

#include "lib/rubric/spelling.h"
#include "lib/rubric/weight.h"

namespace rm::rubric {
namespace {

std::vector<std::string_view> cells_of(std::string_view row) {
  std::vector<std::string_view> out;
  if (row.front() == '|') row.remove_prefix(1);
  if (!row.empty() && row.back() == '|') row.remove_suffix(1);
  while (true) {
    const std::size_t bar = row.find('|');
    out.push_back(trim(trim(row.substr(0, bar)), "*_` "));
    if (bar == row.npos) return out;
    row.remove_prefix(bar + 1);
  }
}

// Columns that stand apart by a tab or two blanks and more.
std::vector<std::string_view> columns_of(std::string_view row) {
  std::vector<std::string_view> out;
  while (!row.empty()) {
    const std::size_t gap = std::min(std::min(row.find('\t'), row.find("  ")), row.size());
    out.push_back(trim(row.substr(0, gap)));
    const std::size_t next = row.find_first_not_of(" \t", gap);
    if (next == row.npos) break;
    row.remove_prefix(next);
  }
  return out;
}

bool is_number(std::string_view cell) { return cell.find_first_not_of("0123456789.") == cell.npos; }

bool heads_weights(std::string_view cell) {
  return mentions_weight(cell) || cell == "%" || cell == "score" || cell == "scores";
}

bool heads_names(std::string_view cell) {
  for (const std::string_view word : {"criteri", "name", "aspect", "category", "factor", "dimension"}) {
    if (cell.find(word) != cell.npos) return true;
  }
  return false;
}

}  // namespace

bool Table::row(std::string_view line, Ledger& to) {
  if (by_blanks_ || (head_.empty() && line.find('|') == line.npos)) return row_by_blanks(line, to);
  const bool framed = line.front() == '|';
  if (!framed && line.find(" | ") == line.npos && !(line.find('|') != line.npos && !head_.empty()))
    return head_.clear(), false;
  const std::vector<std::string_view> cells = cells_of(line);
  if (line.find_first_not_of("|-: \t") == line.npos) return true;
  if (!head_.empty()) return read(cells, to), true;
  std::vector<std::string> head;
  for (const std::string_view c : cells) head.push_back(lower(c));
  const bool weights = std::ranges::any_of(head, heads_weights), names = std::ranges::any_of(head, heads_names);
  if (!framed && !weights && !names) return false;
  const bool data =
      !weights && !names && cells.size() > 1 && read_amount(cells[1]).has_value();  // a table without a head
  head_ = data ? std::vector<std::string>{"criterion", "weight", "description"} : std::move(head);
  if (data) read(cells, to);
  return true;
}

bool Table::row_by_blanks(std::string_view line, Ledger& to) {
  if (line.find('\t') == line.npos && line.find("  ") == line.npos) return by_blanks_ = false, head_.clear(), false;
  const std::vector<std::string_view> cells = columns_of(line);
  if (by_blanks_) {
    if (line.find_first_not_of("-= \t") != line.npos && cells.size() > 1) read(cells, to);
    return true;
  }
  std::vector<std::string> head;
  for (const std::string_view c : cells) head.push_back(lower(c));
  by_blanks_ = head.size() > 1 && std::ranges::any_of(head, heads_weights) && std::ranges::any_of(head, heads_names);
  if (by_blanks_) head_ = std::move(head);
  return by_blanks_;
}

void Table::read(const std::vector<std::string_view>& cells, Ledger& to) {
  std::size_t name = head_.size();
  for (std::size_t i = 0; i < head_.size() && name == head_.size(); ++i) {
    if (heads_names(head_[i]) && !heads_weights(head_[i])) name = i;
  }
  for (std::size_t i = 0; i < head_.size() && name == head_.size(); ++i) {
    if (!heads_weights(head_[i]) && head_[i] != "#" && head_[i].find("no.") != 0 && !head_[i].empty()) name = i;
  }
  if (name >= cells.size() || cells[name].empty()) return;
  std::string description, text;
  std::optional<Amount> amount;
  for (std::size_t i = 0; i < cells.size() && i < head_.size(); ++i) {
    if (i == name) continue;
    if (heads_weights(head_[i]) && !amount) {
      text = cells[i];
      amount = read_amount(cells[i]);
      if (!amount && !text.empty())
        amount = Amount{Amount::Kind::kNone, 0, text.find_first_of(kDigits) == text.npos ? "word" : "malformed"};
      const bool percent = head_[i].find('%') != std::string::npos || head_[i].find("percent") != std::string::npos;
      if (amount && amount->kind == Amount::Kind::kBare && percent)
        amount = amount->value <= 100 ? Amount{Amount::Kind::kFraction, amount->value / 100, ""}
                                      : Amount{Amount::Kind::kNone, 0, "out_of_range"};
    } else if (!cells[i].empty() && !is_number(cells[i])) {
      description += (description.empty() ? "" : " ") + std::string(cells[i]);
    }
  }
  const std::string key = lower(cells[name]);
  if (key == "total" || key == "sum" || key == "total weight" || key == "total points") {
    if (amount && (amount->kind == Amount::Kind::kPoints || amount->kind == Amount::Kind::kBare))
      to.total(amount->value);
    return;
  }
  to.add(std::string(cells[name]), std::move(description));
  if (amount) to.weigh(*amount, true, text);
}

}  // namespace rm::rubric
