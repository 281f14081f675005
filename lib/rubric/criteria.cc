#include "lib/rubric/criteria.h"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <initializer_list>
#include <string>
#include <unordered_map>
#include <utility>

namespace rm::rubric {
namespace {

using records::Criterion;

constexpr std::string_view kBlank = " \t\r\n";
constexpr std::string_view kDigits = "0123456789";

std::string_view trim(std::string_view s, std::string_view what = kBlank) {
  const std::size_t first = s.find_first_not_of(what);
  if (first == s.npos) return {};
  return s.substr(first, s.find_last_not_of(what) - first + 1);
}

std::string lower(std::string_view s) {
  std::string out(s);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

bool starts_with_word(std::string_view s, std::string_view word) { return lower(s.substr(0, word.size())) == word; }

bool eat(std::string_view& s, std::string_view prefix) {
  if (s.substr(0, prefix.size()) != prefix) return false;
  s.remove_prefix(prefix.size());
  return true;
}

bool eat_word(std::string_view& s, std::initializer_list<std::string_view> words) {
  for (std::string_view w : words) {
    if (starts_with_word(s, w)) {
      s = trim(s.substr(w.size()));
      return true;
    }
  }
  return false;
}

// "40%", "0.4", "37.5 percent" at the front of s, which moves past it. A fraction needs its point and lies in [0, 1].
std::optional<double> eat_number(std::string_view& s, bool percent_implied = false) {
  std::size_t digits = std::min(s.find_first_not_of("0123456789."), s.size());
  while (digits > 0 && s[digits - 1] == '.') --digits;  // the end of a sentence
  double v = 0;
  const auto [end, bad] = std::from_chars(s.data(), s.data() + digits, v, std::chars_format::fixed);
  if (digits == 0 || bad != std::errc() || end != s.data() + digits) return std::nullopt;
  const bool pointed = s.substr(0, digits).find('.') != s.npos;
  std::string_view rest = s.substr(digits), unit = trim(rest);
  if (eat(unit, "%") || eat_word(unit, {"percent"})) {
    if (v > 100) return std::nullopt;
    s = unit;
    return v / 100;
  }
  if (percent_implied && v <= 100) {
    s = rest;
    return v / 100;
  }
  if (!pointed || v > 1) return std::nullopt;
  s = rest;
  return v;
}

bool mentions_weight(std::string_view s) { return lower(s).find("weight") != std::string::npos; }

// A weight at the front of s; moves past it. `bare`: a number needs no "weight" before it.
std::optional<double> eat_weight(std::string_view& s, bool bare) {
  std::string_view t = trim(s);
  const bool named = eat_word(t, {"weights", "weighting", "weighted", "weight", "importance"});
  if (named) {
    while (eat(t, ":") || eat(t, "=") || eat(t, "-") || eat_word(t, {"is ", "of ", "at "})) t = trim(t);
  } else if (!bare) {
    return std::nullopt;
  }
  auto w = eat_number(t);
  if (!w) return std::nullopt;
  std::string_view after = trim(t);
  if (eat_word(after, {"weight", "of total", "of the total"})) t = after;
  s = t;
  return w;
}

// One criterion taken apart; `marked` when a list marker or bold name says that the line is an item.
struct Item {
  std::string name, description;
  std::optional<double> weight;
  bool marked = false;
};

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

// Removes "- ", "* ", "1. ", "2) ", "a. ", "•", "#### " from the front; true when there was one.
bool eat_marker(std::string_view& s) {
  const std::string_view before = s;
  s.remove_prefix(std::min(s.find_first_not_of('#'), s.size()));
  if (eat(s, "•") || eat(s, "- ") || eat(s, "* ") || eat(s, "+ ") || eat(s, "– ") || eat(s, "· ")) {
    s = trim(s);
    return true;
  }
  s = trim(s);
  const std::size_t digits = std::min(s.find_first_not_of(kDigits), s.size());
  const std::size_t label = digits > 0 ? digits : (s.size() > 1 && lower(s)[0] >= 'a' && lower(s)[0] <= 'h' ? 1 : 0);
  if (label > 0 && label <= 3 && label + 1 < s.size() && (s[label] == '.' || s[label] == ')') && s[label + 1] == ' ') {
    s = trim(s.substr(label + 1));
    return true;
  }
  return s.size() != before.size() && before.front() == '#';
}

// Where the name ends: the first ':' or spaced dash outside brackets. npos: the whole line is a name.
std::size_t name_end(std::string_view s, std::size_t& skip) {
  int depth = 0;
  for (std::size_t i = 0; i < s.size(); ++i) {
    if (s[i] == '(' || s[i] == '[') ++depth;
    if ((s[i] == ')' || s[i] == ']') && depth > 0) --depth;
    if (depth > 0) continue;
    if (s[i] == ':') return skip = 1, i;
    for (std::string_view dash : {" - ", " – ", " — ", " = "}) {
      if (s.substr(i, dash.size()) == dash) return skip = dash.size(), i;
    }
  }
  return std::string_view::npos;
}

// Takes a bracketed weight off the end of `s`: "Accuracy (40%)", "Safety [weight: 0.3]". A bracket that names a weight without
// a readable number is taken off too. `named`: only brackets with the word.
std::optional<double> take_bracket(std::string_view& s, bool named) {
  s = trim(s);
  if (s.empty() || (s.back() != ')' && s.back() != ']')) return std::nullopt;
  const std::size_t open = s.find_last_of("([");
  if (open == s.npos) return std::nullopt;
  const std::string_view inside = s.substr(open + 1, s.size() - open - 2);
  if (named && !mentions_weight(inside)) return std::nullopt;
  const auto w = read_weight(inside);
  if (w || mentions_weight(inside)) s = trim(s.substr(0, open));
  return w;
}

void take_weight_from_rest(Item& item, std::string_view& rest) {
  std::string_view t = trim(rest);
  const bool bracket = !t.empty() && (t.front() == '(' || t.front() == '[');
  if (bracket) t.remove_prefix(1);
  if (auto w = eat_weight(t, true)) {
    t = trim(t);
    const bool closed = bracket && !t.empty() && (t.front() == ')' || t.front() == ']');
    const bool ended = t.empty() || std::string_view(".,;:-|").find(t.front()) != std::string_view::npos ||
                       t.substr(0, 3) == "–" || t.substr(0, 3) == "—";
    if (bracket ? closed : ended) {
      item.weight = w;
      if (bracket) t.remove_prefix(1);
      for (std::string_view dash : {"–", "—"}) eat(t, dash);
      rest = trim(t, " \t\r\n.,;:-|");
      return;
    }
  }
  std::string_view end = trim(rest);
  if (auto w = take_bracket(end, true)) {
    item.weight = w;
    rest = end;
  }
}

// A line of a list. Empty name: not an item.
Item read_item(std::string_view raw) {
  Item item;
  const bool bold = raw.substr(0, 2) == "**" || raw.substr(0, 2) == "__";
  const std::string plain = without_emphasis(raw);
  std::string_view s = trim(plain);
  item.marked = eat_marker(s) || bold;
  if (std::string_view t = trim(s, "([ \t"); !t.empty() && kDigits.find(t.front()) != std::string_view::npos) {
    std::string_view number = t;  // "40% Accuracy", "(40%) Accuracy: ..."
    if (auto w = eat_number(number)) {
      item.weight = w;
      s = trim(number, " \t)]:-");
    }
  }
  std::size_t skip = 0;
  const std::size_t end = name_end(s, skip);
  std::string_view head = s.substr(0, end), rest = end == s.npos ? std::string_view() : s.substr(end + skip);
  if (!item.weight) item.weight = take_bracket(head, false);
  if (!item.weight) {  // "Accuracy 40%"
    const std::size_t last = trim(head).find_last_of(' ');
    if (last != head.npos && head.back() == '%') {
      std::string_view number = trim(head).substr(last + 1);
      if (auto w = eat_number(number); w && number.empty()) {
        item.weight = w;
        head = trim(head).substr(0, last);
      }
    }
  }
  if (!item.weight) take_weight_from_rest(item, rest);
  item.name = trim(head, " \t\r\n*_`\"");
  item.description = trim(rest, " \t\r\n*_");
  return item;
}

// A line written as an element, as small models like: <item weight="40%">Accuracy</item>.
struct Element {
  std::string_view tag, attributes, inside;
};

std::optional<Element> read_element(std::string_view line) {
  if (line.size() < 3 || line.front() != '<') return std::nullopt;
  const std::size_t end = line.find('>');
  if (end == line.npos) return std::nullopt;
  const std::string_view open = line.substr(1, end - 1);
  const std::size_t name = std::min(open.find_first_of(" \t"), open.size());
  std::string_view inside = line.substr(end + 1);
  inside = inside.substr(0, inside.find("</"));
  return Element{open.substr(0, name), open.substr(name), trim(inside)};
}

std::string_view attribute(std::string_view attributes, std::string_view name) {
  const std::size_t at = attributes.find(name);
  if (at == attributes.npos) return {};
  std::string_view rest = attributes.substr(at + name.size());
  if (rest.size() < 3 || rest[0] != '=' || (rest[1] != '"' && rest[1] != '\'')) return {};
  return rest.substr(2, rest.find(rest[1], 2) - 2);
}

std::vector<std::string_view> cells(std::string_view row) {
  std::vector<std::string_view> out;
  row = trim(row);
  if (!row.empty() && row.front() == '|') row.remove_prefix(1);
  if (!row.empty() && row.back() == '|') row.remove_suffix(1);
  while (true) {
    const std::size_t bar = row.find('|');
    out.push_back(trim(trim(row.substr(0, bar)), "*_ "));
    if (bar == row.npos) return out;
    row.remove_prefix(bar + 1);
  }
}

class CriteriaReader {
 public:
  std::vector<Criterion> read(std::string_view text) {
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      line(text.substr(0, end));
      text.remove_prefix(std::min(end + 1, text.size()));
    }
    return std::move(out_);
  }

 private:
  void line(std::string_view raw) {
    const std::string_view body = trim(raw);
    if (body.empty() || body.find_first_not_of("-=*_") == body.npos) return;
    if (body.front() == '|') return table_row(body);
    header_.clear();
    if (const auto element = read_element(body)) return element_line(*element, raw.find('<'));
    const std::size_t indent = raw.find_first_not_of(" \t");
    Item item = read_item(body);
    const std::string key = lower(item.name);
    if (key == "weight" || key == "weights" || key == "importance") return own_line_weight(item, body);
    if (key == "total" || key == "sum" || key == "total weight") return;
    if (key == "description" && !out_.empty()) return describe(item.description);
    const bool nested = !out_.empty() && indent > indent_;
    if (item.weight && !item.name.empty()) return add(std::move(item), indent);
    if (!item.marked || nested) return out_.empty() ? void() : describe(trim(body, "-*+• \t"));
    if (item.name.empty()) return;
    if (item.description.empty() && is_heading(body, key)) return;
    add(std::move(item), indent);
  }

  static bool is_heading(std::string_view body, const std::string& key) {
    return body.front() == '#' || key.find("criteria") != key.npos || key.find("rubric") != key.npos ||
           key.find("weights") != key.npos;
  }

  // "- Weight: 40%" under a criterion.
  void own_line_weight(const Item& item, std::string_view body) {
    if (out_.empty() || out_.back().weight) return;
    std::optional<double> w = item.weight;
    if (!w) w = read_weight(item.description);
    if (!w) w = read_weight(trim(without_emphasis(body), "-*+• \t"));
    out_.back().weight = w;
  }

  void element_line(const Element& e, std::size_t indent) {
    const std::string tag = lower(e.tag);
    if (tag == "weight") return own_line_weight(read_item(e.inside), e.inside);
    if (tag == "description" && !out_.empty()) return describe(e.inside);
    Item item = read_item(e.inside);
    if (const std::string_view name = attribute(e.attributes, "name"); !name.empty()) {
      item = read_item(name);
      item.description = e.inside;
    }
    if (!item.weight) item.weight = read_weight(attribute(e.attributes, "weight"));
    if (!item.name.empty()) add(std::move(item), indent);
  }

  void describe(std::string_view more) {
    std::string& d = out_.back().description;
    if (!d.empty() && !more.empty()) d += ' ';
    d += more;
  }

  // A name listed again with its weight completes the first one.
  void add(Item item, std::size_t indent) {
    const auto [at, first] = index_.emplace(lower(item.name), out_.size());
    if (!first) {
      Criterion& c = out_[at->second];
      if (!c.weight) c.weight = item.weight;
      return;
    }
    if (out_.empty()) indent_ = indent;
    out_.push_back({std::move(item.name), item.weight, std::move(item.description)});
  }

  void table_row(std::string_view row) {
    const std::vector<std::string_view> c = cells(row);
    if (row.find_first_not_of("|-: \t") == row.npos) return;
    if (header_.empty()) {
      for (std::string_view cell : c) header_.push_back(lower(cell));
      return;
    }
    Item item;
    for (std::size_t i = 0; i < c.size() && i < header_.size(); ++i) {
      if (mentions_weight(header_[i])) {
        std::string_view number = c[i];
        const bool percent = header_[i].find('%') != std::string::npos;
        item.weight = eat_number(number, percent);
        if (!trim(number).empty()) item.weight.reset();
      } else if (item.name.empty() && header_[i] != "#" && header_[i].find("no.") != 0) {
        item.name = c[i];
      } else if (!c[i].empty() && c[i].find_first_not_of(kDigits) != std::string_view::npos) {
        item.description += (item.description.empty() ? "" : " ") + std::string(c[i]);
      }
    }
    if (!item.name.empty() && lower(item.name) != "total") add(std::move(item), 0);
  }

  std::vector<Criterion> out_;
  std::unordered_map<std::string, std::size_t> index_;  // lower-case name -> place in out_
  std::vector<std::string> header_;
  std::size_t indent_ = 0;
};

}  // namespace

std::optional<double> read_weight(std::string_view text) {
  std::string_view t = trim(text);
  const auto w = eat_weight(t, true);
  if (!w || !trim(t, " \t\r\n.,;").empty()) return std::nullopt;
  return w;
}

std::vector<Criterion> read_criteria(std::string_view text) { return CriteriaReader().read(text); }

}  // namespace rm::rubric
