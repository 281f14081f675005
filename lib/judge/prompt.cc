#include "lib/judge/prompt.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include "lib/base/escape.h"
#include "lib/base/fd.h"
#include "lib/base/hash.h"
#include "lib/base/json.h"
#include "lib/base/limits.h"
#include "lib/judge/rubric_wording.h"
#include "lib/judge/wording.h"

namespace rm::judge {
namespace {

// The texts of one form.
struct Wording {
  std::string system;      // empty: no system turn
  std::string user;        // empty: the set does not have this form
  std::string multi_turn;  // empty: no conversations
};

struct Slot {
  std::string_view name;
  std::string_view value;
};

constexpr std::array<std::string_view, 3> kSingleSlots{"question", "answer_a", "answer_b"};
constexpr std::array<std::string_view, 2> kMultiSlots{"conversation_1", "conversation_2"};
constexpr std::array<std::string_view, 4> kSingleRubricSlots{"question", "answer_a", "answer_b", "rubric"};
constexpr std::array<std::string_view, 3> kMultiRubricSlots{"conversation_1", "conversation_2", "rubric"};
constexpr std::array<std::string_view, 2> kRatingSlots{"question", "answer"};
constexpr std::array<std::string_view, 2> kScaleSlots{"low", "high"};  // may be left out

// The slot-like name at the '{' of text[at]: lower-case letters, digits and '_' up to '}'. Empty: none there.
std::string_view slot_name(std::string_view text, std::size_t at) {
  const std::size_t end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_", at + 1);
  if (end == text.npos || text[end] != '}') return {};
  return text.substr(at + 1, end - at - 1);
}

// One pass over the frame; values are copied as they are and never looked into.
std::string fill(std::string_view frame, std::initializer_list<Slot> slots) {
  std::string out;
  std::size_t at = 0;
  while (true) {
    const std::size_t brace = frame.find('{', at);
    if (brace == frame.npos) return out.append(frame.substr(at));
    out.append(frame.substr(at, brace - at));
    const std::string_view name = slot_name(frame, brace);
    at = brace + 1;
    bool filled = false;
    for (const Slot& s : slots) {
      if (name.empty() || name != s.name) continue;
      out.append(s.value);
      at = brace + name.size() + 2;
      filled = true;
    }
    if (!filled) out += '{';
  }
}

// Every slot of `slots` must be there; of others only those in `optional` may.
Result<void> check_slots(std::string_view frame, std::string_view key, std::span<const std::string_view> slots,
                         const std::string& where, std::span<const std::string_view> optional = {}) {
  std::vector<bool> seen(slots.size());
  for (std::size_t at = frame.find('{'); at != frame.npos; at = frame.find('{', at + 1)) {
    const std::string_view name = slot_name(frame, at);
    if (name.empty()) continue;
    bool known = std::ranges::find(optional, name) != optional.end();
    for (std::size_t i = 0; i < slots.size(); ++i) {
      if (name == slots[i]) known = seen[i] = true;
    }
    if (!known) {
      std::string list;
      for (std::string_view s : slots) list += " {" + std::string(s) + "}";
      for (std::string_view s : optional) list += " {" + std::string(s) + "}";
      return make_error(Exit::kUsage, "unknown_slot",
                        '"' + std::string(key) + "\" has the slot {" + std::string(name) + "}; known here:" + list,
                        where);
    }
  }
  for (std::size_t i = 0; i < slots.size(); ++i) {
    if (!seen[i]) {
      return make_error(
          Exit::kUsage, "missing_slot",
          '"' + std::string(key) + "\" has no slot {" + std::string(slots[i]) + "}; the judge would never see it",
          where);
    }
  }
  return {};
}

Result<void> check_system(std::string_view text, std::string_view key, const std::string& where) {
  for (std::size_t at = text.find('{'); at != text.npos; at = text.find('{', at + 1)) {
    const std::string_view name = slot_name(text, at);
    for (std::string_view slot :
         {kSingleSlots[0], kSingleSlots[1], kSingleSlots[2], kMultiSlots[0], kMultiSlots[1], kMultiRubricSlots[2]}) {
      if (name == slot) {
        return make_error(Exit::kUsage, "unknown_slot",
                          '"' + std::string(key) + "\" has the slot {" + std::string(name) +
                              "}; slots are filled only in user prompts",
                          where);
      }
    }
  }
  return {};
}

// The texts that ask for a rating, for both forms.
struct RatingWording {
  std::string system;  // empty: no system turn
  std::string user;
};

Result<bool> read_rating_key(std::string_view name, const json::Value& value, RatingWording& rating,
                             const std::string& where) {
  const bool system = name == "rating_system";
  if (!system && name != "rating_user") return false;
  const auto text = value.string();
  if (!text || text->empty()) {
    return make_error(Exit::kUsage, "wrong_type", '"' + std::string(name) + "\" is no text, or an empty one", where);
  }
  if (system) {
    RM_TRY(check_slots(*text, name, {}, where, kScaleSlots));
  } else {
    RM_TRY(check_slots(*text, name, kRatingSlots, where, kScaleSlots));
  }
  (system ? rating.system : rating.user) = *text;
  return true;
}

// Which text of which form a key of a --prompt file holds.
struct Key {
  std::string_view name;
  std::string Wording::*member;
  bool cor, plain, rubric;
};
constexpr std::array<Key, 11> kKeys{{
    {"system", &Wording::system, true, true, false},
    {"user", &Wording::user, true, true, false},
    {"user_multi_turn", &Wording::multi_turn, true, true, false},
    {"rubric_system", &Wording::system, true, true, true},
    {"rubric_user", &Wording::user, true, true, true},
    {"rubric_user_multi_turn", &Wording::multi_turn, true, true, true},
    {"RM_R1_INSTRUCT_SYSTEM_PROMPT", &Wording::system, true, false, false},
    {"RM_R1_SINGLE_TURN_INSTRUCT_USER_PROMPT", &Wording::user, true, false, false},
    {"RM_R1_MULTI_TURN_INSTRUCT_USER_PROMPT", &Wording::multi_turn, true, false, false},
    {"RM_R1_SINGLE_TURN_REASONING_USER_PROMPT", &Wording::user, false, true, false},
    {"RM_R1_MULTI_TURN_REASONING_USER_PROMPT", &Wording::multi_turn, false, true, false},
}};

using Forms = std::array<Wording, 2>;  // chain of rubrics, plain

Result<void> check_text(const Key& key, std::string_view text, const std::string& where) {
  if (key.member == &Wording::system) return check_system(text, key.name, where);
  const bool one = key.member == &Wording::user;
  if (key.rubric) {
    return one ? check_slots(text, key.name, kSingleRubricSlots, where)
               : check_slots(text, key.name, kMultiRubricSlots, where);
  }
  return one ? check_slots(text, key.name, kSingleSlots, where) : check_slots(text, key.name, kMultiSlots, where);
}

Result<void> read_key(std::string_view name, const json::Value& value, Forms& own, Forms& with_rubric,
                      const std::string& where) {
  const std::string quoted = '"' + escape_text(name) + '"';
  for (const Key& key : kKeys) {
    if (key.name != name) continue;
    const auto text = value.string();
    if (!text || text->empty()) {
      return make_error(
          Exit::kUsage, "wrong_type",
          quoted + (text ? " is empty" : std::string(" is ") + json::name(value.type())) + "; expected a text", where);
    }
    RM_TRY(check_text(key, *text, where));
    Forms& forms = key.rubric ? with_rubric : own;
    if (key.cor) forms[0].*key.member = *text;
    if (key.plain) forms[1].*key.member = *text;
    return {};
  }
  return make_error(
      Exit::kUsage, "unknown_key",
      quoted +
          " is no key of a prompt file; known are system, user, user_multi_turn, rubric_system, "
          "rubric_user, rubric_user_multi_turn, rating_system, rating_user and the published RM_R1_..._PROMPT names",
      where);
}

// A conversation as the judge reads it: one line a turn, the chatbot's under its letter.
std::string conversation(const records::Pair& p, std::size_t answer, char letter) {
  std::string out;
  for (const std::vector<text::Message>* part : {&p.prompt, &p.answer[answer]}) {
    for (const text::Message& m : *part) {
      if (!out.empty()) out += '\n';
      if (m.role == "assistant") {
        out += std::string("Chatbot ") + letter;
      } else {
        out += m.role == "system" ? "System" : "User";
      }
      out += ": " + m.content;
    }
  }
  return out;
}

// The single question; what a system turn told the chatbots stands before it.
std::string question(const records::Pair& p) {
  if (p.prompt.empty()) return {};
  if (p.prompt.size() == 1) return p.prompt.front().content;
  return "System: " + p.prompt.front().content + "\nUser: " + p.prompt.back().content;
}

}  // namespace

std::optional<Form> parse_form(std::string_view text) {
  for (Form f : {Form::kCor, Form::kPlain}) {
    if (text == name(f)) return f;
  }
  return std::nullopt;
}

const char* name(Form form) { return form == Form::kCor ? "cor" : "plain"; }

struct PromptSet::Impl {
  Forms forms, with_rubric;
  std::optional<RatingWording> rating;  // empty: the built-in one, which differs by form
  const Wording& of(Form f, bool rubric = false) const {
    return (rubric ? with_rubric : forms)[f == Form::kCor ? 0 : 1];
  }
};

PromptSet PromptSet::built_in() {
  PromptSet set;
  set.impl_ = std::make_shared<const Impl>(Impl{
      {Wording{std::string(wording::kCorSystem), std::string(wording::kCorUser), std::string(wording::kCorMultiTurn)},
       Wording{"", std::string(wording::kPlainUser), std::string(wording::kPlainMultiTurn)}},
      {Wording{std::string(wording::kRubricSystem), std::string(wording::kRubricUser),
               std::string(wording::kRubricMultiTurn)},
       Wording{"", std::string(wording::kPlainRubricUser), std::string(wording::kPlainRubricMultiTurn)}},
      {}});
  return set;
}

Result<PromptSet> PromptSet::read(const std::string& path) {
  RM_ASSIGN(std::string text, fd::read_file(path, limits::kConfigBytes, Exit::kUsage));
  return parse(text, escape_text(path));
}

Result<PromptSet> PromptSet::parse(std::string_view json_text, const std::string& where) {
  json::Document document;
  auto root = document.parse(json_text);
  if (!root) {
    Error e = root.error();
    e.exit = Exit::kUsage;
    e.where = e.where.empty() ? where : where + ":" + e.where;
    return e;
  }
  if (!root->is(json::Type::kObject)) {
    return make_error(Exit::kUsage, "wrong_type",
                      std::string("a prompt file is one JSON object; this is ") + json::name(root->type()), where);
  }
  Impl impl;
  RatingWording rating;
  Result<void> bad;
  root->each_member([&](std::string_view key, json::Value value) {
    if (!bad) return;
    const Result<bool> mine = read_rating_key(key, value, rating, where);
    if (!mine) {
      bad = mine.error();
    } else if (!*mine) {
      bad = read_key(key, value, impl.forms, impl.with_rubric, where);
    }
  });
  RM_TRY(bad);
  const bool judges = !impl.forms[0].user.empty() || !impl.forms[1].user.empty() || !impl.with_rubric[0].user.empty();
  if (!judges && rating.user.empty()) {
    return make_error(Exit::kUsage, "missing_key", "the prompt file has no \"user\" text", where);
  }
  if (!rating.system.empty() && rating.user.empty())
    return make_error(Exit::kUsage, "missing_key", "\"rating_system\" needs a \"rating_user\" beside it", where);
  if (!rating.user.empty()) impl.rating = std::move(rating);
  PromptSet set;
  set.impl_ = std::make_shared<const Impl>(std::move(impl));
  return set;
}

bool PromptSet::has(Form form) const { return !impl_->of(form).user.empty(); }

Result<void> PromptSet::can_show(const records::Pair& p, Form form) const {
  if (p.rendered) return {};
  const Wording& w = impl_->of(form, p.rubric.has_value());
  if (p.rubric && w.user.empty()) {
    return make_error(Exit::kUsage, "no_rubric_text",
                      "the prompt file has no rubric_user text, which --rubric record needs");
  }
  if (w.user.empty()) {
    return make_error(Exit::kUsage, "no_form",
                      std::string("the prompt file has no ") + name(form) + " form; choose the other one with --form");
  }
  if (p.multi_turn() && w.multi_turn.empty()) {
    return make_error(Exit::kInput, "no_multi_turn",
                      std::string("the pair has several turns and the prompt file has no ") +
                          (p.rubric ? "rubric_user_multi_turn" : "user_multi_turn") + " text for the form " +
                          name(form));
  }
  return {};
}

std::vector<text::Message> PromptSet::messages(const records::Pair& p, bool swapped, Form form) const {
  if (p.rendered) return p.prompt;
  const Wording& w = impl_->of(form, p.rubric.has_value());
  const std::string rubric = p.rubric ? shown(*p.rubric) : std::string();
  const std::size_t shown_as_a = swapped ? 1 : 0, shown_as_b = 1 - shown_as_a;
  std::vector<text::Message> out;
  if (!w.system.empty()) out.push_back({"system", w.system});
  if (p.multi_turn()) {
    const std::string first = conversation(p, shown_as_a, 'A'), second = conversation(p, shown_as_b, 'B');
    out.push_back({"user", fill(w.multi_turn,
                                {{kMultiSlots[0], first}, {kMultiSlots[1], second}, {kMultiRubricSlots[2], rubric}})});
  } else {
    const auto answer = [&](std::size_t i) {
      return p.answer[i].empty() ? std::string_view() : p.answer[i].front().content;
    };
    const std::string asked = question(p);
    out.push_back({"user", fill(w.user, {{kSingleSlots[0], asked},
                                         {kSingleSlots[1], answer(shown_as_a)},
                                         {kSingleSlots[2], answer(shown_as_b)},
                                         {kSingleRubricSlots[3], rubric}})});
  }
  return out;
}

namespace {

// What the rated answer replies to: the question, or the whole conversation before it.
std::string before_answer(const std::vector<text::Message>& prompt, const std::vector<text::Message>& answer) {
  if (prompt.size() == 1 && answer.size() == 1) return prompt.front().content;
  std::string out;
  const auto add = [&out](const text::Message& m) {
    if (!out.empty()) out += '\n';
    out += (m.role == "assistant" ? "Chatbot: " : m.role == "system" ? "System: " : "User: ") + m.content;
  };
  for (const text::Message& m : prompt) add(m);
  for (std::size_t i = 0; i + 1 < answer.size(); ++i) add(answer[i]);
  return out;
}

RatingWording rating_wording(const std::optional<RatingWording>& own, Form form) {
  if (own) return *own;
  if (form == Form::kCor) return {std::string(wording::kRateSystem), std::string(wording::kRateUser)};
  return {"", std::string(wording::kRateTask) + std::string(wording::kRateUser)};
}

}  // namespace

std::vector<text::Message> PromptSet::rating_messages(const std::vector<text::Message>& prompt,
                                                      const std::vector<text::Message>& answer, int low, int high,
                                                      Form form) const {
  const RatingWording w = rating_wording(impl_->rating, form);
  const std::string from = std::to_string(low), to = std::to_string(high), asked = before_answer(prompt, answer);
  std::vector<text::Message> out;
  if (!w.system.empty()) out.push_back({"system", fill(w.system, {{kScaleSlots[0], from}, {kScaleSlots[1], to}})});
  out.push_back({"user", fill(w.user, {{kRatingSlots[0], asked},
                                       {kRatingSlots[1], answer.back().content},
                                       {kScaleSlots[0], from},
                                       {kScaleSlots[1], to}})});
  return out;
}

std::string PromptSet::rating_id(Form form) const {
  const RatingWording w = rating_wording(impl_->rating, form);
  return "rating-" + hex64(ContentHash().add(w.system).add(w.user).digest()).substr(0, 12);
}

std::string PromptSet::id(Form form, bool rubric) const {
  const Wording& w = impl_->of(form, rubric);
  const std::uint64_t digest = ContentHash().add(name(form)).add(w.system).add(w.user).add(w.multi_turn).digest();
  return std::string(name(form)) + (rubric ? "-rubric-" : "-") + hex64(digest).substr(0, 12);
}

}  // namespace rm::judge
