#include "tools/rm-judge/warnings.h"

#include <string_view>

namespace rm::rmjudge {
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

}  // namespace

std::vector<std::string> warnings(const records::Pair& p) {
  std::vector<std::string> found;
  if (p.same_answers) found.emplace_back("same_answers");
  bool unseen = false, speaks = false;
  for (const records::Message& m : p.prompt) unseen = unseen || hidden(m.content);
  for (const auto& turns : p.answer) {
    for (const records::Message& m : turns) {
      unseen = unseen || hidden(m.content);
      speaks = speaks || speaks_to_judge(m.content);
    }
  }
  if (unseen) found.emplace_back("hidden_characters");
  if (speaks) found.emplace_back("verdict_in_answer");
  return found;
}

}  // namespace rm::rmjudge
