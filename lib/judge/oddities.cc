#include "lib/judge/oddities.h"

#include <algorithm>
#include <span>
#include <string_view>

namespace rm::judge {
namespace {

// The joiner U+200D is left out: emoji and some scripts need it.
bool hidden(std::string_view s) {
  for (std::size_t i = 0; i + 2 < s.size(); ++i) {
    const auto b = [&](std::size_t k) { return static_cast<unsigned char>(s[i + k]); };
    if (b(0) == 0xE2 && b(1) == 0x80 &&
        (b(2) == 0x8B || b(2) == 0x8E || b(2) == 0x8F || (b(2) >= 0xAA && b(2) <= 0xAE)))
      return true;
    if (b(0) == 0xE2 && b(1) == 0x81 && (b(2) == 0xA0 || (b(2) >= 0xA6 && b(2) <= 0xA9))) return true;
    if (b(0) == 0xEF && b(1) == 0xBB && b(2) == 0xBF) return true;
    if (b(0) == 0xF3 && b(1) == 0xA0 && (b(2) == 0x80 || b(2) == 0x81)) return true;  // U+E0000..E007F
  }
  return false;
}

bool speaks_to_judge(std::string_view s) {
  for (const std::string_view tag : {"<answer>", "</answer>", "</eval>", "</think>", "[[A]]", "[[B]]"}) {
    if (s.find(tag) != std::string_view::npos) return true;
  }
  return false;
}

using Turns = std::vector<records::Message>;

std::vector<std::string> find(const Turns& prompt, std::span<const Turns> answers, bool same) {
  std::vector<std::string> found;
  if (same) found.emplace_back("same_answers");
  bool unseen = false, speaks = false;
  for (const records::Message& m : prompt) unseen = unseen || hidden(m.content);
  for (const Turns& turns : answers) {
    for (const records::Message& m : turns) {
      unseen = unseen || hidden(m.content);
      speaks = speaks || speaks_to_judge(m.content);
    }
  }
  if (unseen) found.emplace_back("hidden_characters");
  if (speaks) found.emplace_back("verdict_in_answer");
  return found;
}

bool any_same(std::vector<Turns> answers) {
  const auto less = [](const Turns& a, const Turns& b) {
    return std::ranges::lexicographical_compare(a, b, [](const records::Message& x, const records::Message& y) {
      return x.role != y.role ? x.role < y.role : x.content < y.content;
    });
  };
  std::ranges::sort(answers, less);
  return std::ranges::adjacent_find(answers) != answers.end();
}

}  // namespace

std::vector<std::string> oddities(const records::Pair& p) { return find(p.prompt, p.answer, p.same_answers); }

std::vector<std::string> oddities(const records::Candidates& c) {
  return find(c.prompt, c.responses, any_same(c.responses));
}

}  // namespace rm::judge
