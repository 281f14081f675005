#include "lib/rubric/prose.h"

#include <algorithm>
#include <string>
#include <vector>

#include "lib/rubric/spelling.h"
#include "lib/rubric/weight.h"

namespace rm::rubric {
namespace {

constexpr std::size_t kLongestName = 60;
constexpr std::size_t kMostWords = 6;

struct Found {
  std::string name;
  Amount amount;
};

std::string without_emphasis(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c != '*' && c != '`') out += c;
  }
  return out;
}

bool is_name(std::string_view s) {
  if (s.empty() || s.size() > kLongestName || !is_letter(s.front())) return false;
  return static_cast<std::size_t>(std::ranges::count(s, ' ')) < kMostWords;
}

// The phrase that ends at `end`: back to a comma, semicolon, full stop, colon, bracket or "and".
std::string_view phrase_before(std::string_view text, std::size_t end) {
  std::size_t begin = text.find_last_of(",;.:()\n", end == 0 ? 0 : end - 1);
  begin = begin == text.npos || begin >= end ? 0 : begin + 1;
  std::string_view s = trim(text.substr(begin, end - begin));
  while (eat_word(s, {"and", "the", "finally", "with", "lastly", "then", "also"})) {
  }
  return s;
}

// The phrase that begins `s`.
std::string_view phrase_after(std::string_view s) {
  s = trim(s);
  while (eat_word(s, {"the"})) {
  }
  std::size_t end = std::min(s.find_first_of(",;.:(\n"), s.size());
  for (std::size_t and_at = s.find(" and "); and_at < end; and_at = s.find(" and ", and_at + 1)) {
    const std::string_view next = trim(s.substr(and_at + 5));
    if (!next.empty() && kDigits.find(next.front()) != next.npos) end = and_at;  // "40% for accuracy and 60% for tone"
  }
  return trim(s.substr(0, end));
}

}  // namespace

void read_prose(std::string_view raw, Ledger& to) {
  const std::string plain = without_emphasis(raw);
  const std::string_view text = plain;
  std::vector<Found> found;
  for (std::size_t at = text.find_first_of(kDigits); at != text.npos; at = text.find_first_of(kDigits, at)) {
    std::string_view rest = text.substr(at);
    const auto amount = eat_amount(rest);
    const std::size_t end = amount ? text.size() - rest.size() : at + 1;
    const bool usable =
        amount && amount->kind == Amount::Kind::kFraction && text.substr(at, end - at).find('%') != text.npos;
    if (!usable) {
      at = std::max(end, at + 1);
      continue;
    }
    const bool bracket = at > 0 && (text[at - 1] == '(' || text[at - 1] == '[') && !rest.empty() &&
                         (rest.front() == ')' || rest.front() == ']');
    std::string_view after = trim(rest), name;
    if (bracket) {
      name = phrase_before(text, at - 1);
    } else if (eat_word(after, {"for", "on", "to", "of the weight for", "weight for"})) {
      name = phrase_after(after);
    }
    if (is_name(name)) found.push_back({std::string(name), *amount});
    at = end;
  }
  if (found.size() < 2) return;
  for (Found& f : found) {
    to.add(std::move(f.name), {});
    to.weigh(f.amount, false, "");
  }
}

}  // namespace rm::rubric
