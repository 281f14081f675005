#include "lib/generate/letters.h"

#include <string>
#include <string_view>

namespace rm::generate {
namespace {

constexpr std::size_t kLongestForm = 8;
constexpr std::string_view kAround = " \t\r\n[](){}<>*_\"'`:";

}  // namespace

std::optional<std::size_t> lone_letter(std::string_view token, char letter) {
  if (token.empty() || token.size() > kLongestForm) return std::nullopt;
  std::optional<std::size_t> at;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] == letter && !at) {
      at = i;
    } else if (kAround.find(token[i]) == std::string_view::npos) {
      return std::nullopt;
    }
  }
  return at;
}

LetterTokens::LetterTokens(const text::Tokenizer& t) {
  for (std::size_t i = 0; i < t.size(); ++i) {
    const auto id = static_cast<text::Id>(i);
    const auto bytes = t.bytes(id);
    if (!bytes) continue;
    const auto at = lone_letter(*bytes, 'A');
    if (!at) continue;
    std::string twin(*bytes);
    twin[*at] = 'B';
    const auto other = t.find_token(twin);
    if (!other) continue;
    const Match m{watch_.size() / 2, *at, bytes->size()};
    watch_.push_back(id);
    watch_.push_back(*other);
    match_.emplace(id, m);
    match_.emplace(*other, m);
  }
}

std::optional<LetterTokens::Match> LetterTokens::find(text::Id id) const {
  const auto it = match_.find(id);
  if (it == match_.end()) return std::nullopt;
  return it->second;
}

}  // namespace rm::generate
