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
  for (const std::string_view before : {" by ", " on ", " are ", " is ", " includes ", " include "}) {
    if (const std::size_t at = s.rfind(before); at != s.npos) s = trim(s.substr(at + before.size()));
  }
  while (eat_word(s, {"and", "the", "its", "their", "finally", "with", "lastly", "then", "also"})) {
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

// A text that is nothing but three or more names, each with a capital: "Accuracy, Clarity, and Tone".
void read_names(std::string_view text, Ledger& to) {
  text = trim(text, " \t\r\n.");
  std::vector<std::string_view> names;
  while (!text.empty()) {
    const std::size_t comma = std::min(text.find(','), text.size());
    std::string_view name = trim(text.substr(0, comma));
    eat_word(name, {"and"});
    if (const std::size_t both = name.find(" and "); both != name.npos && comma == text.size() && names.size() == 1) {
      names.push_back(trim(name.substr(0, both)));
      name = trim(name.substr(both + 5));
    }
    names.push_back(name);
    text.remove_prefix(std::min(comma + 1, text.size()));
    if (names.size() > 20) return;
  }
  const auto capital = [](std::string_view n) {
    return is_name(n) && n.front() >= 'A' && n.front() <= 'Z' && n.find_first_of(".:;\n") == n.npos &&
           std::ranges::count(n, ' ') < 4;
  };
  if (names.size() < 3 || !std::ranges::all_of(names, capital)) return;
  for (const std::string_view n : names) to.add(std::string(n), {});
}

}  // namespace

void read_prose(std::string_view raw, Ledger& to) {
  const std::string plain = without_emphasis(raw);
  const std::string_view text = plain;
  std::vector<Found> found;
  std::vector<std::string_view> nameless;
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
    if (is_name(name)) {
      found.push_back({std::string(name), *amount});
    } else if (bracket) {
      nameless.push_back(name);
    }
    at = end;
  }
  if (found.empty()) return read_names(text, to);
  if (found.size() < 2) return;
  for (Found& f : found) {
    to.add(std::move(f.name), {});
    to.weigh(f.amount, false, "");
  }
  for (const std::string_view n : nameless) to.report("weight", "no_criterion", "", n);
}

}  // namespace rm::rubric
