#include "lib/rubric/item.h"

#include <algorithm>
#include <array>

#include "lib/rubric/spelling.h"

namespace rm::rubric {
namespace {

constexpr std::array<std::string_view, 4> kDashes = {" - ", " – ", " — ", " = "};

constexpr std::size_t kLongestName = 60;  // of one that has its weight behind it without a bracket

std::string without_emphasis(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (i + 1 < line.size() && (line.substr(i, 2) == "**" || line.substr(i, 2) == "__")) {
      ++i;
    } else {
      out += line[i];
    }
  }
  return out;
}

// Takes "- ", "* ", "1. ", "2) ", "a. ", "•", "#### " off the front.
Marker eat_marker(std::string_view& s, std::size_t& number) {
  Marker found = Marker::kNone;
  if (s.substr(0, 1) == "#") {
    s.remove_prefix(std::min(s.find_first_not_of('#'), s.size()));
    found = Marker::kHash;
    s = trim(s);
  }
  for (const std::string_view bullet : {"•", "- ", "* ", "+ ", "– ", "· ", "o "}) {
    if (eat(s, bullet)) {
      s = trim(s);
      return found == Marker::kHash ? found : Marker::kBullet;
    }
  }
  if (s == "-" || s == "*") return s = {}, Marker::kBullet;
  std::string_view t = s;
  const bool bracket = eat(t, "(");
  const std::size_t digits = std::min(t.find_first_not_of(kDigits), t.size());
  const bool letter = digits == 0 && t.size() > 1 && lower(t)[0] >= 'a' && lower(t)[0] <= 'h';
  const std::size_t label = digits > 0 ? digits : letter ? 1 : 0;
  if (label == 0 || label > 3 || label >= t.size()) return found;
  const char end = t[label];
  const bool last = label + 1 == t.size();
  if (end != ')' && (bracket || (end != '.' && !(end == ':' && digits > 0)))) return found;
  if (!last && t[label + 1] != ' ' && t[label + 1] != '\t') return found;
  if (digits > 0) {
    for (const char c : t.substr(0, digits)) number = number * 10 + static_cast<std::size_t>(c - '0');
  }
  s = trim(t.substr(label + 1));
  if (found == Marker::kHash) return found;
  return digits > 0 ? Marker::kNumber : Marker::kLetter;
}

// Whether the dot behind `s` belongs to an abbreviation: "vs.", "e.g.".
bool abbreviates(std::string_view s) {
  const std::string word = lower(s.substr(s.find_last_of(" (") + 1));
  for (const char* known : {"vs", "e.g", "i.e", "etc", "cf", "approx", "no", "dr", "mr", "mrs", "st"}) {
    if (word == known) return true;
  }
  return false;
}

// Whether a dash parts a name from what follows; before a number only if that is a weight, and so does "=".
bool parts(std::string_view dash, std::string_view rest) {
  rest = trim(rest, " \t(*");
  if (dash != " = " && (rest.empty() || kDigits.find(rest.front()) == rest.npos)) return true;
  bool named = false;
  const auto a = eat_weight(rest, named);
  return a && a->kind != Amount::Kind::kBare && a->kind != Amount::Kind::kNone;
}

struct NameEnd {
  std::size_t at, skip;
  bool stop;  // ended by a full stop, which begins a description and ends the name
};

// The first ": ", spaced dash or end of a sentence outside brackets.
std::optional<NameEnd> name_end(std::string_view s) {
  int depth = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '(' || s[i] == '[') ++depth;
    if ((s[i] == ')' || s[i] == ']') && depth > 0) --depth;
    if (depth > 0) continue;
    const bool last = i + 1 == s.size();
    if (s[i] == ':' && (last || kDigits.find(s[i + 1]) == s.npos || i == 0 || kDigits.find(s[i - 1]) == s.npos))
      return NameEnd{i, 1, false};
    if ((s[i] == '.' || s[i] == '?' || s[i] == '!') && !last && s[i + 1] == ' ' && i > 3 &&
        !abbreviates(s.substr(0, i)))
      return NameEnd{s[i] == '.' ? i : i + 1, s[i] == '.' ? std::size_t{1} : 0, true};
    for (const std::string_view dash : kDashes) {
      if (s.substr(i, dash.size()) == dash && parts(dash, s.substr(i + dash.size())))
        return NameEnd{i, dash.size(), false};
    }
  }
  return std::nullopt;
}

bool closes(char c) { return c == ')' || c == ']'; }

// A bracket at the end of `s` with what it says. npos where there is none.
std::size_t last_bracket(std::string_view s) { return s.empty() || !closes(s.back()) ? s.npos : s.find_last_of("(["); }

// "Accuracy (40%)", "Safety [weight: 0.3]": the bracket goes off the end of `head` when it holds a weight, or names one.
void take_from_head(Item& item, std::string_view& head) {
  head = trim(head);
  const std::size_t open = last_bracket(head);
  if (open != head.npos) {
    std::string_view inside = trim(head.substr(open + 1, head.size() - open - 2));
    bool named = false;
    if (const auto a = eat_weight(inside, named); a && (trim(inside, " .,").empty() || named)) {
      item.amount = a;
      item.named = named;
      item.in_head = true;
      head = trim(head.substr(0, open));
    }
    return;
  }
  const std::size_t blank = head.find_last_of(' ');  // "Accuracy 40%", "Accuracy, 40%"; a sentence may end so too
  if (blank == head.npos || head.back() != '%' || blank > kLongestName || head.find('%') + 1 != head.size()) return;
  std::string_view number = head.substr(blank + 1);
  const auto a = eat_amount(number);
  if (!a || !number.empty()) return;
  item.amount = a;
  head = trim(head.substr(0, blank), " ,;-");
}

// "40% Accuracy", "(40%) Accuracy: ...", "10% (Accuracy)", "40%: Accuracy".
bool take_from_front(Item& item, std::string_view& s) {
  std::string_view t = trim(s, "([ \t");
  if (t.empty() || kDigits.find(t.front()) == t.npos) return false;
  const auto a = eat_amount(t);
  if (!a || a->kind == Amount::Kind::kBare || a->kind == Amount::Kind::kRatio) return false;
  std::string_view rest = t;
  rest.remove_prefix(std::min(rest.find_first_not_of(" \t)]:-"), rest.size()));
  for (const std::string_view dash : {"– ", "— "}) eat(rest, dash);
  rest = trim(rest, " \t:-");
  if (last_bracket(rest) != rest.npos && (rest.front() == '(' || rest.front() == '['))
    rest = rest.substr(1, rest.size() - 2);
  if (rest.empty()) return false;
  item.amount = a;
  s = rest;
  return true;
}

bool ends_a_weight(std::string_view t) {
  return t.empty() || std::string_view(".,;:-|*").find(t.front()) != std::string_view::npos || t.substr(0, 3) == "–" ||
         t.substr(0, 3) == "—";
}

// ": 40%", ": 40% - facts", ": (40%) facts", ": Weight: 40%".
bool take_from_rest_front(Item& item, std::string_view& rest) {
  std::string_view t = trim(rest);
  const bool bracket = !t.empty() && (t.front() == '(' || t.front() == '[');
  if (bracket) t.remove_prefix(1);
  bool named = false;
  const auto a = eat_weight(t, named);
  if (!a) return false;
  t = trim(t);
  if (a->kind != Amount::Kind::kNone) {
    const bool bare = a->kind == Amount::Kind::kBare && !named;
    if (bracket ? t.empty() || !closes(t.front()) : bare ? !trim(t, " .,;").empty() : !ends_a_weight(t)) return false;
    if (bracket) t.remove_prefix(1);
    for (const std::string_view dash : {"–", "—"}) eat(t, dash);
    rest = trim(t, " \t\r\n.,;:-|*");
  } else if (!named) {
    rest = {};
  } else if (t.size() > 40) {  // "Weight" begins a sentence
    return false;
  } else {
    rest = {};
  }
  item.amount = a;
  item.named = named;
  return true;
}

// "facts (Weight: 40%)", "They are right. (10%)": a bracket at the end that names a weight, or stands behind a whole sentence.
void take_from_rest_end(Item& item, std::string_view& rest) {
  std::string_view end = trim(rest);
  const std::size_t open = last_bracket(end);
  if (open == end.npos) return;
  std::string_view inside = trim(end.substr(open + 1, end.size() - open - 2));
  const std::string_view before = trim(end.substr(0, open));
  bool named = false;
  const auto a = eat_weight(inside, named);
  if (!a || !(trim(inside, " .,").empty() || named)) return;
  const bool sentence = before.empty() || std::string_view(".?!").find(before.back()) != std::string_view::npos;
  if (!named && !(sentence && a->kind != Amount::Kind::kBare && a->kind != Amount::Kind::kRatio)) return;
  item.amount = a;
  item.named = named;
  rest = before;
}

}  // namespace

Item read_item(std::string_view line) {
  Item item;
  item.indent = std::min(line.find_first_not_of(" \t"), line.size());
  std::string_view raw = trim(line);
  const std::string plain = without_emphasis(raw);
  std::string_view s = trim(plain);
  item.marker = eat_marker(s, item.number);
  if (item.marker == Marker::kNone && (raw.substr(0, 2) == "**" || raw.substr(0, 2) == "__"))
    item.marker = Marker::kBold;
  s = trim(s, " \t\r\n*`");
  if (take_from_front(item, s)) item.ended = true;
  const auto end = name_end(s);
  std::string_view head = end ? s.substr(0, end->at) : s;
  std::string_view rest = end ? s.substr(end->at + end->skip) : std::string_view();
  item.ended = item.ended || end || (!s.empty() && s.back() == '%') ||
               (!s.empty() && std::string_view(".?!>)").find(s.back()) != s.npos);
  item.sentence = end && end->stop;
  item.colon = end && !end->stop && trim(rest, " *_").empty();
  if (!item.amount) take_from_head(item, head);
  if (!item.amount && !(end && end->stop) && !take_from_rest_front(item, rest)) take_from_rest_end(item, rest);
  if (!item.amount && end && end->stop) take_from_rest_end(item, rest);
  item.name = trim(head, " \t\r\n*_`\"");
  item.description = trim(rest, " \t\r\n*_");
  return item;
}

std::optional<Element> read_element(std::string_view line) {
  line = trim(line);
  if (line.size() < 3 || line.front() != '<') return std::nullopt;
  const std::size_t end = line.find('>');
  if (end == line.npos) return std::nullopt;
  Element e;
  std::string_view open = line.substr(1, end - 1);
  e.closing = eat(open, "/");
  const std::size_t name = std::min(open.find_first_of(" \t"), open.size());
  e.tag = open.substr(0, name);
  if (e.tag.empty() || !is_letter(e.tag.front())) return std::nullopt;
  e.attributes = open.substr(name);
  std::string_view inside = line.substr(end + 1);
  const std::size_t close = inside.find("</");
  e.closed = close != inside.npos;
  e.inside = trim(inside.substr(0, close));
  if (const std::size_t behind = e.closed ? inside.find('>', close) : inside.npos; behind != inside.npos)
    e.after = trim(inside.substr(behind + 1), " \t-:");
  return e;
}

std::string_view attribute(std::string_view attributes, std::string_view name) {
  const std::size_t at = attributes.find(name);
  if (at == attributes.npos) return {};
  std::string_view rest = attributes.substr(at + name.size());
  if (rest.size() < 3 || rest[0] != '=' || (rest[1] != '"' && rest[1] != '\'')) return {};
  return rest.substr(2, rest.find(rest[1], 2) - 2);
}

}  // namespace rm::rubric
