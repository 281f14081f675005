#include "lib/rubric/criteria.h"

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

#include "lib/rubric/item.h"
#include "lib/rubric/ledger.h"
#include "lib/rubric/prose.h"
#include "lib/rubric/spelling.h"
#include "lib/rubric/table.h"

namespace rm::rubric {
namespace {

using std::string_view_literals::operator""sv;
using Words = std::span<const std::string_view>;

constexpr std::array kWeightKeys{"weight"sv, "weights"sv, "weighting"sv, "weightage"sv, "importance"sv,
                                 "points"sv, "point"sv,   "score"sv,     "percentage"sv};
constexpr std::array kTotalKeys{"total"sv,       "sum"sv,           "total weight"sv, "total points"sv,
                                "total score"sv, "overall total"sv, "total weights"sv};
constexpr std::array kDescriptionKeys{"description"sv, "definition"sv, "details"sv, "detail"sv,
                                      "question"sv,    "example"sv,    "examples"sv};
// What speaks about the rubric or the answers, not what answers are measured by.
constexpr std::array kAsideKeys{"justification"sv, "justify"sv, "rationale"sv, "reasoning"sv,     "reason"sv,
                                "reasons"sv,       "note"sv,    "notes"sv,     "explanation"sv,   "conclusion"sv,
                                "summary"sv,       "comment"sv, "comments"sv,  "in conclusion"sv, "why"sv,
                                "evaluation"sv,    "verdict"sv, "feedback"sv,  "answer"sv,        "final answer"sv};

constexpr std::array kJustifyKeys{"justification"sv, "justify"sv, "rationale"sv, "description"sv};  // also as items

bool is_one_of(std::string_view key, Words words) { return std::ranges::find(words, key) != words.end(); }

bool is_aside(std::string_view key) {
  if (is_one_of(key, kAsideKeys)) return true;
  for (const std::string_view begin : {"why ", "answer of ", "chatbot a", "chatbot b", "justification "}) {
    if (key.substr(0, begin.size()) == begin) return true;
  }
  return false;
}

bool holds(std::string_view key, std::string_view word) { return key.find(word) != key.npos; }

// Without <br>, <b>, <strong>, <i> and <em>, which say nothing about the structure.
std::string without_markup(std::string_view text) {
  constexpr std::array kTags{"br"sv, "b"sv, "strong"sv, "i"sv, "em"sv};
  std::string out;
  while (!text.empty()) {
    const std::size_t at = std::min(text.find('<'), text.size());
    out += text.substr(0, at);
    text.remove_prefix(at);
    const std::string_view open = text.substr(0, 10);
    const std::size_t end = open.find('>');
    if (end != open.npos && is_one_of(lower(trim(open.substr(1, end - 1), "/ ")), kTags)) {
      text.remove_prefix(end + 1);
    } else if (!text.empty()) {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

// "Criteria: X", "Criterion 1: X": X is the name.
bool announces_name(std::string_view key) {
  for (const std::string_view word : {"criterion name", "criterion", "criteria", "name"}) {
    if (key.substr(0, word.size()) == word) {
      const std::string_view rest = trim(key.substr(word.size()), " #");
      return rest.find_first_not_of("0123456789") == rest.npos;
    }
  }
  return false;
}

class CriteriaReader {
 public:
  Criteria read(std::string_view text, bool cut) {
    const std::string plain = without_markup(text);
    text = plain;
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size());
      const std::string_view one = text.substr(0, end);
      text.remove_prefix(std::min(end + 1, text.size()));
      line(one, cut && trim(text).empty());
    }
    if (ledger_.size() == 1 && lone_plain_) ledger_ = {};  // a title, not a list
    if (ledger_.empty()) read_prose(plain, ledger_);
    return ledger_.take(!cut);
  }

 private:
  enum class Section { kCriteria, kWeights, kAside };

  void line(std::string_view raw, bool last_of_cut) {
    const std::string_view body = trim(raw);
    if (body.empty() || body.find_first_not_of("-=*_ ") == body.npos) return;
    if (table_.row(body, ledger_)) return;
    Item item = read_item(raw);
    std::string_view text = trim(body, "-*+• \t");
    if (const auto element = read_element(item.marker == Marker::kBullet ? text : body)) {
      if (last_of_cut && !element->closed) return;
      return element_line(*element, item);
    }
    if (last_of_cut && !item.ended) return;
    std::string key = lower(trim(item.name, " .:"));
    if (key.rfind("weight ", 0) == 0 && key.find_first_not_of("0123456789", 7) == key.npos)
      key = "weight";  // "Weight 1: 5"
    if (total_line(item, key)) return;
    if (is_own_weight(item, key)) return own_weight(item, body);
    if (item.marker == Marker::kNone && item.amount == std::nullopt && states_total(body)) return;
    if (heading(item, key, body)) return;
    if (section_ == Section::kWeights) return later_weight(item, body);
    if (section_ == Section::kAside && !(item.amount && item.marker == list_)) return;
    const bool listed = item.marker != Marker::kNone && (ledger_.empty() || item.indent <= indent_) &&
                        (list_ == Marker::kNone || item.marker == list_);
    if (is_one_of(key, kDescriptionKeys) && !ledger_.empty() && !listed) return ledger_.describe(item.description);
    if (announces_name(key) && !item.in_head && !item.description.empty()) return announced(item);
    if (listed ? is_one_of(key, kJustifyKeys) : is_aside(key)) return ledger_.describe(item.description);
    candidate(std::move(item), text);
  }

  // A line that may be a criterion, by what the first one looked like.
  void candidate(Item item, std::string_view text) {
    const bool nested = !ledger_.empty() && item.indent > indent_;
    const bool like_first = !nested && item.marker == list_;
    if (list_ == Marker::kNone && item.marker != Marker::kNone && !nested) {
      list_ = item.marker;
      indent_ = item.indent;
    } else if (!like_first || item.marker == Marker::kNone) {
      const bool weighed = item.amount && item.amount->kind != Amount::Kind::kNone;
      const bool own =
          weighed && (ledger_.empty() || list_ == Marker::kNone || (!nested && item.marker != Marker::kNone));
      if (!own && !plain_name(item)) return ledger_.describe(text);
      lone_plain_ = !own && ledger_.empty();
      if (ledger_.empty()) indent_ = item.indent;
    }
    if (item.name.empty()) return;
    add(std::move(item));
  }

  // "Accuracy: The facts are right." as a line without any marker, in a rubric that has none.
  bool plain_name(const Item& item) const {
    if (item.sentence) return false;
    if (list_ != Marker::kNone || item.marker != Marker::kNone || item.description.empty() || item.name.empty())
      return false;
    return std::ranges::count(item.name, ' ') < 5 && item.name.size() < 60 && item.name.find('.') == item.name.npos &&
           !is_aside(lower(item.name));
  }

  void add(Item item) {
    const std::string text = item.name + ": " + item.description;
    ledger_.add(std::move(item.name), std::move(item.description));
    if (item.amount) ledger_.weigh(*item.amount, item.named, weight_text(*item.amount, text));
    section_ = Section::kCriteria;
  }

  static std::string weight_text(const Amount& a, const std::string& text) {
    return a.kind == Amount::Kind::kNone ? text : std::to_string(a.value);
  }

  bool total_line(const Item& item, const std::string& key) {
    if (!is_one_of(key, kTotalKeys)) return false;
    if (item.amount) note_total(*item.amount);
    return true;
  }

  void note_total(const Amount& a) {
    if ((a.kind == Amount::Kind::kPoints || a.kind == Amount::Kind::kBare) && a.value > 0) ledger_.total(a.value);
  }

  // "Out of 100 points.", "The total is 20 points": a line that states what points are shares of.
  bool states_total(std::string_view body) {
    const std::string l = lower(body);
    if (!holds(l, "total") && !holds(l, "out of") && !holds(l, "add up") && !holds(l, "sum")) return false;
    const std::size_t digit = l.find_first_of(kDigits);
    if (digit == l.npos || l.find_first_of(kDigits, l.find_first_not_of(kDigits, digit)) != l.npos) return false;
    std::string_view number = std::string_view(l).substr(digit);
    const auto a = eat_amount(number);
    if (!a || (a->kind != Amount::Kind::kPoints && a->kind != Amount::Kind::kBare)) return false;
    note_total(*a);
    return true;
  }

  bool is_own_weight(const Item& item, const std::string& key) const {
    if (!is_one_of(key, kWeightKeys) || ledger_.empty()) return false;
    const bool criterion =
        item.in_head && item.marker == list_ && item.indent <= indent_ && item.marker != Marker::kNone;
    const bool listed = item.marker == list_ && item.marker != Marker::kNone && item.indent <= indent_;
    if (listed && !item.amount && std::ranges::count(item.description, ' ') > 2)
      return false;  // "- Importance: why it matters"
    return !criterion && (item.amount || !item.description.empty() || !item.colon);
  }

  // "- Weight: 40%" under a criterion.
  void own_weight(const Item& item, std::string_view body) {
    if (ledger_.weighed()) return;
    std::optional<Amount> a = item.amount;
    if (!a) a = read_amount(item.description);
    if (!a)
      a = Amount{Amount::Kind::kNone, 0,
                 item.description.find_first_of(kDigits) == std::string::npos ? "word" : "malformed"};
    ledger_.weigh(*a, true, body);
  }

  // A line that says what follows. Nothing stands behind its colon, or it is a # heading about criteria.
  bool heading(const Item& item, const std::string& key, std::string_view body) {
    if (item.amount) return false;
    const bool about_weights = holds(key, "weigh") || holds(key, "points");
    const bool about_criteria = holds(key, "criteri") || holds(key, "rubric") || about_weights;
    const bool bare = item.description.empty() && (item.colon || item.marker == Marker::kHash ||
                                                   item.marker == Marker::kBold || item.marker == Marker::kNone);
    if (!bare || item.name.empty()) return false;
    const bool marked =
        item.marker == Marker::kNumber || item.marker == Marker::kBullet || item.marker == Marker::kLetter;
    if (about_criteria && !(marked && !about_weights)) {
      section_ = about_weights && !ledger_.empty() ? Section::kWeights : Section::kCriteria;
      return true;
    }
    const bool top = ledger_.empty() || item.indent <= indent_;
    if (is_aside(key) && top && !marked) {
      section_ = Section::kAside;
      return true;
    }
    if (marked || item.marker == Marker::kHash || item.marker == Marker::kBold) return false;
    (void)body;
    return item.colon && list_ == Marker::kNone && ledger_.empty() && holds(key, " ");  // "The answer is judged by:"
  }

  // A line of a second list that gives weights to criteria named before.
  void later_weight(const Item& item, std::string_view body) {
    std::optional<Amount> a = item.amount;
    std::string name = item.name;
    bool named = item.named;
    if (!a && item.description.empty()) {  // "1. 3 points"
      a = read_amount(name);
      if (a) name.clear();
    }
    if (!a) return;
    const bool found = name.empty() ? item.marker == Marker::kNumber && ledger_.find(item.number) : ledger_.find(name);
    if (found) return ledger_.weigh(*a, named || true, body);
    if (is_one_of(lower(name), kTotalKeys)) return note_total(*a);
    ledger_.report("weight", "no_criterion", name, body);
  }

  void announced(Item& item) {
    Item inner = read_item(item.description);
    Item made;
    made.name = inner.name.empty() ? item.description : inner.name;
    made.description = inner.description;
    made.amount = item.amount ? item.amount : inner.amount;
    made.named = item.named || inner.named;
    if (ledger_.empty()) {
      list_ = item.marker;
      indent_ = item.indent;
    }
    add(std::move(made));
  }

  void element_line(const Element& e, const Item& outer) {
    const std::string tag = lower(e.tag);
    if (e.closing) return;
    if (is_one_of(tag, kWeightKeys) && !e.after.empty()) return add_after(e);
    if (is_one_of(tag, kWeightKeys)) {
      const auto a = read_amount(e.inside);
      if (!ledger_.weighed())
        ledger_.weigh(
            a ? *a
              : Amount{Amount::Kind::kNone, 0, e.inside.find_first_of(kDigits) == e.inside.npos ? "word" : "malformed"},
            true, e.inside);
      return;
    }
    if (is_one_of(tag, kDescriptionKeys) || is_aside(tag)) return ledger_.describe(e.inside);
    Item item = read_item(e.inside);
    if (const std::string_view name = attribute(e.attributes, "name"); !name.empty()) {
      item = read_item(name);
      item.description = e.inside;
    } else if (const auto a = read_amount(e.inside); a && a->kind != Amount::Kind::kNone) {  // <accuracy>40%</accuracy>
      item.name = std::string(e.tag);
      std::ranges::replace(item.name, '_', ' ');
      item.description.clear();
      item.amount = a;
    }
    if (const auto a = read_amount(attribute(e.attributes, "weight")); a && !item.amount) {
      item.amount = a;
      item.named = true;
    }
    if (item.name.empty()) return;
    if (ledger_.empty()) indent_ = outer.indent;
    add(std::move(item));
  }

  // "<weight>0.25</weight> - Clarity": what stands behind the element is the name.
  void add_after(const Element& e) {
    Item item = read_item(e.after);
    const auto a = read_amount(e.inside);
    if (item.name.empty() || !a) return;
    item.amount = a;
    item.named = true;
    if (ledger_.empty()) list_ = Marker::kHash;  // lines below it belong to it
    add(std::move(item));
  }

  Ledger ledger_;
  Table table_;
  Section section_ = Section::kCriteria;
  Marker list_ = Marker::kNone;  // of the first criterion
  std::size_t indent_ = 0;
  bool lone_plain_ = false;  // the first criterion is a line without marker and weight
};

}  // namespace

Criteria read_criteria(std::string_view text, bool cut) { return CriteriaReader().read(text, cut); }

}  // namespace rm::rubric
