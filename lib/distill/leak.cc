#include "lib/distill/leak.h"

#include <algorithm>
#include <array>
#include <unordered_set>
#include <vector>

#include "lib/distill/hint.h"
#include "lib/distill/leak_phrases.h"
#include "lib/text/utf8.h"

namespace rm::distill {
namespace {

constexpr std::size_t kRun = 8;             // words of the hint in a row
constexpr std::string_view kBarrier = "|";  // where a quote was cut out: no phrase reaches over it
using Words = std::vector<std::string>;

// The lower case of a character that is part of a word, an apostrophe, or 0: it parts words.
char32_t word_character(char32_t c) {
  if (c == 0x2019) return U'\'';
  if (c < 0x80) {
    const char a = static_cast<char>(c);
    if (a >= 'A' && a <= 'Z') return c + 32;
    return (a >= 'a' && a <= 'z') || (a >= '0' && a <= '9') || a == '\'' ? c : 0;
  }
  if (c <= 0xBF || c == 0xD7 || c == 0xF7 || c == text::kBroken) return 0;
  if ((c >= 0x2000 && c <= 0x206F) || (c >= 0x3000 && c <= 0x303F)) return 0;
  if ((c >= 0xFF00 && c <= 0xFF0F) || (c >= 0xFF1A && c <= 0xFF20) || (c >= 0xFF3B && c <= 0xFF40) ||
      (c >= 0xFF5B && c <= 0xFF65))
    return 0;
  if (c <= 0xDE || (c >= 0x391 && c <= 0x3A9) || (c >= 0x410 && c <= 0x42F)) return c + 32;
  return c >= 0x400 && c <= 0x40F ? c + 80 : c;
}

void add_word(std::string& word, Words& to) {
  const std::size_t from = word.find_first_not_of('\'');
  if (from != word.npos) to.push_back(word.substr(from, word.find_last_not_of('\'') + 1 - from));
  word.clear();
}

void add_words(std::string_view text, Words& to) {
  std::string word;
  for (std::size_t at = 0; at < text.size();) {
    const text::CodePoint p = text::decode_at(text, at);
    at += p.length;
    if (const char32_t c = word_character(p.code); c != 0) {
      text::append_code_point(word, c);
    } else {
      add_word(word, to);
    }
  }
  add_word(word, to);
}

std::string join(const Words& words, std::size_t from, std::size_t to) {
  std::string out;
  for (std::size_t i = from; i < to; ++i) out.append(out.empty() ? "" : " ").append(words[i]);
  return out;
}

// The parts of a chain that are its writer's own: what stands between the quotes.
std::vector<std::string_view> own_parts(std::string_view chain) {
  constexpr std::array<std::array<std::string_view, 2>, 2> kQuotes{
      {{"<quote_A>", "</quote_A>"}, {"<quote_B>", "</quote_B>"}}};
  std::array<bool, 2> closes{true, true};  // false: no closing tag is left
  std::vector<std::string_view> out;
  std::size_t from = 0;
  for (std::size_t at = chain.find("<quote_"); at != chain.npos; at = chain.find("<quote_", at)) {
    std::size_t end = chain.npos;
    for (std::size_t i = 0; i < 2; ++i) {
      const auto& [open, close] = kQuotes[i];
      if (!closes[i] || chain.substr(at, open.size()) != open) continue;
      end = chain.find(close, at);
      if (end == chain.npos) closes[i] = false;
      if (end != chain.npos) end += close.size();
    }
    if (end == chain.npos) {
      ++at;
      continue;
    }
    out.push_back(chain.substr(from, at - from));
    from = at = end;
  }
  out.push_back(chain.substr(from));
  return out;
}

struct Slot {
  bool optional = false;
  std::vector<std::string_view> words;  // with a trailing * for any ending

  bool takes(std::string_view word) const {
    return std::ranges::any_of(words, [word](std::string_view w) {
      return w.ends_with('*') ? word.starts_with(w.substr(0, w.size() - 1)) : w == word;
    });
  }
};
using Phrase = std::vector<Slot>;

Phrase parse(std::string_view text) {
  Phrase out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    std::string_view slot = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    Slot& s = out.emplace_back();
    s.optional = slot.starts_with('?');
    if (s.optional) slot.remove_prefix(1);
    while (!slot.empty()) {
      const std::size_t bar = std::min(slot.find('|'), slot.size());
      s.words.push_back(slot.substr(0, bar));
      slot.remove_prefix(std::min(bar + 1, slot.size()));
    }
  }
  return out;
}

const std::vector<Phrase>& phrases() {
  static const std::vector<Phrase> all = [] {
    std::vector<Phrase> out;
    for (const std::string_view p : word_phrases()) out.push_back(parse(p));
    return out;
  }();
  return all;
}

// Where the phrase that starts at words[at] ends; 0: it does not start there. A slot that may be missing is taken where it fits, and
// tried without where that leads nowhere.
std::size_t match(const Phrase& p, const Words& words, std::size_t at, std::size_t slot = 0) {
  if (slot == p.size()) return at;
  if (at < words.size() && p[slot].takes(words[at])) {
    if (const std::size_t end = match(p, words, at + 1, slot + 1)) return end;
  }
  return p[slot].optional ? match(p, words, at, slot + 1) : 0;
}

const std::unordered_set<std::string>& hint_runs() {
  static const std::unordered_set<std::string> all = [] {
    std::unordered_set<std::string> out;
    for (const std::string_view sentence : hint_sentences()) {
      Words words;
      add_words(sentence, words);
      for (std::size_t i = 0; i + kRun <= words.size(); ++i) out.insert(join(words, i, i + kRun));
    }
    return out;
  }();
  return all;
}

}  // namespace

std::optional<std::string> told_verdict(std::string_view chain, std::span<const text::Message> prompt) {
  Words words;
  add_words(chain, words);
  for (std::size_t i = 0; i + kRun <= words.size(); ++i) {
    if (std::string run = join(words, i, i + kRun); hint_runs().contains(run)) return run;
  }

  Words asked;
  for (const text::Message& m : prompt) add_words(m.content, asked);
  const std::string in_prompt = " " + join(asked, 0, asked.size()) + " ";
  const std::vector<std::string_view> parts = own_parts(chain);
  words.clear();
  for (const std::string_view part : parts) {
    add_words(part, words);
    words.emplace_back(kBarrier);
  }
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (const Phrase& p : phrases()) {
      const std::size_t end = match(p, words, i);
      if (end == 0) continue;
      if (std::string said = join(words, i, end); in_prompt.find(" " + said + " ") == in_prompt.npos) return said;
    }
  }
  for (const std::string_view phrase : plain_phrases()) {
    const auto holds = [phrase](std::string_view text) { return text.find(phrase) != text.npos; };
    if (!std::ranges::any_of(parts, holds)) continue;
    if (std::ranges::none_of(prompt, [&](const text::Message& m) { return holds(m.content); }))
      return std::string(phrase);
  }
  return std::nullopt;
}

}  // namespace rm::distill
