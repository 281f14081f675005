#include "lib/bench/names.h"

#include <cstring>

#include "lib/base/utf8_scan.h"

namespace rm::bench {
namespace {

constexpr std::uint32_t kNone = UINT32_MAX;
constexpr unsigned kShift = 20;

}  // namespace

std::uint32_t Names::add(std::string_view text) {
  if (text.size() > kLongest) text = text.substr(0, utf8_floor(text, kLongest));
  if (used_ + 1 + text.size() > kChunk) {
    if (chunks_.size() >= (1u << (32 - kShift)) - 1) return kNone;
    chunks_.push_back(std::make_unique<char[]>(kChunk));
    used_ = 0;
  }
  const auto name = static_cast<std::uint32_t>((chunks_.size() - 1) << kShift | used_);
  char* at = chunks_.back().get() + used_;
  *at = static_cast<char>(text.size());
  std::memcpy(at + 1, text.data(), text.size());
  used_ += 1 + text.size();
  return name;
}

std::string_view Names::get(std::uint32_t name) const {
  if (name == kNone) return {};
  const char* at = chunks_[name >> kShift].get() + (name & (kChunk - 1));
  return {at + 1, static_cast<unsigned char>(*at)};
}

}  // namespace rm::bench
