#include "lib/rubric/weight.h"

#include <algorithm>
#include <charconv>

#include "lib/rubric/spelling.h"

namespace rm::rubric {
namespace {

using Kind = Amount::Kind;

constexpr double kMostPoints = 1000;

struct Number {
  double value = 0;
  bool pointed = false;
};

// Digits with at most one point between them; the point that ends a sentence stays.
std::optional<Number> eat_number(std::string_view& s) {
  std::size_t digits = std::min(s.find_first_not_of("0123456789."), s.size());
  while (digits > 0 && s[digits - 1] == '.') --digits;
  Number n;
  const auto [end, bad] = std::from_chars(s.data(), s.data() + digits, n.value, std::chars_format::fixed);
  if (digits == 0 || bad != std::errc() || end != s.data() + digits) return std::nullopt;
  n.pointed = s.substr(0, digits).find('.') != s.npos;
  s.remove_prefix(digits);
  return n;
}

Amount none(const char* why) { return {Kind::kNone, 0, why}; }

Amount fraction(double value) {
  if (value < 0 || value > 1) return none("out_of_range");
  return {Kind::kFraction, value, ""};
}

// Whether a number goes on as something that is no weight: "40-50%", "3rd", "20x", "1,000".
bool goes_on(std::string_view rest) {
  if (rest.empty()) return false;
  if (is_letter(rest.front())) return true;
  std::string_view t = trim(rest);
  for (const std::string_view dash : {"-", "–", ",", "~"}) {
    std::string_view more = t;
    if (eat(more, dash) && !more.empty() && kDigits.find(more.front()) != more.npos) return true;
  }
  return eat_word(t, {"to "}) && !t.empty() && kDigits.find(t.front()) != t.npos;
}

}  // namespace

std::optional<Amount> eat_amount(std::string_view& s) {
  std::string_view t = s;
  const bool sign_first = eat(t, "%");
  const auto n = eat_number(t);
  if (!n) return std::nullopt;
  std::string_view unit = trim(t);
  if (sign_first || eat(unit, "%") || eat_word(unit, {"percent", "per cent"})) {
    s = sign_first ? t : unit;
    return fraction(n->value / 100);
  }
  if (unit = t; eat(unit, "/") || (unit = trim(t), eat_word(unit, {"out of"}))) {
    const auto whole = eat_number(unit);
    if (!whole || whole->value <= 0 || goes_on(unit)) return std::nullopt;
    eat(unit, "%");
    if (std::string_view u = trim(unit); eat_word(u, {"points", "point"})) unit = u;
    s = unit;
    if (whole->value > kMostPoints || n->value > whole->value) return none("out_of_range");
    return Amount{Kind::kRatio, n->value / whole->value, ""};
  }
  unit = trim(t);
  eat(unit, "-");
  if (eat_word(unit, {"points", "point", "pts.", "pts", "marks", "mark"})) {
    s = unit;
    return n->value > kMostPoints ? none("out_of_range") : Amount{Kind::kPoints, n->value, ""};
  }
  if (goes_on(t)) return std::nullopt;
  s = t;
  if (n->pointed && n->value <= 1) return fraction(n->value);
  return n->value > kMostPoints ? none("out_of_range") : Amount{Kind::kBare, n->value, ""};
}

std::optional<Amount> eat_weight(std::string_view& s, bool& named) {
  std::string_view t = trim(s);
  bool parted = false;  // "weight" alone may begin a sentence
  named = eat_word(t, {"weights", "weighting", "weightage", "weighted", "weighing", "weight", "importance", "points"});
  if (named) {
    if (!t.empty() && t.front() == '(') {  // "Weight (%): 40"
      const std::size_t end = t.find(')');
      if (end != t.npos && end <= 3) t = trim(t.substr(end + 1));
    }
    for (bool sign = true; sign;) {
      sign = eat(t, ":") || eat(t, "=");
      parted = parted || sign;
      sign = sign || eat(t, "-") || eat_word(t, {"is", "of", "at"});
      t = trim(t);
    }
  }
  const bool digits = !t.empty() && (kDigits.find(t.front()) != t.npos || t.front() == '%' || t.front() == '.');
  const bool bracket = !t.empty() && (t.front() == '(' || t.front() == '[');
  if (named && bracket) t.remove_prefix(1);
  auto amount = eat_amount(t);
  if (!amount) {
    if (!named || !(parted || digits)) return std::nullopt;
    s = t;
    return none(digits ? "malformed" : "word");
  }
  if (named && bracket && !t.empty() && (t.front() == ')' || t.front() == ']')) t.remove_prefix(1);
  std::string_view after = trim(t);
  if (eat_word(after, {"of the total", "of total"})) t = after;
  if (eat_word(after, {"weighting", "weightage", "weight", "importance"})) {
    named = true;
    t = after;
  }
  s = t;
  return amount;
}

std::optional<Amount> read_amount(std::string_view text) {
  std::string_view t = trim(text, " \t\r\n*_`\"'");
  bool named = false;
  const auto amount = eat_weight(t, named);
  if (!amount) return std::nullopt;
  if (amount->kind == Kind::kNone) return amount;
  if (!trim(t, " \t\r\n.,;*_").empty()) return std::nullopt;
  return amount;
}

bool mentions_weight(std::string_view s) {
  const std::string l = lower(s);
  for (const char* word : {"weigh", "importance", "points", "percent"}) {
    if (l.find(word) != std::string::npos) return true;
  }
  return false;
}

}  // namespace rm::rubric
