#include "lib/distill/contamination.h"

#include <algorithm>
#include <filesystem>

#include "lib/base/escape.h"
#include "lib/base/hash.h"
#include "lib/bench/prepare.h"
#include "lib/distill/words.h"
#include "lib/records/elements.h"
#include "lib/records/labelled.h"

namespace rm::distill {
namespace {

constexpr std::uint64_t kBase = 0x9E3779B97F4A7C15u;

constexpr std::uint64_t power(std::size_t n) {
  std::uint64_t out = 1;
  for (; n > 0; --n) out *= kBase;
  return out;
}

// Calls f(first word, hash) for every row of kGram words; the hash rolls along.
template <class F>
void each_row(const std::vector<std::uint64_t>& words, F f) {
  constexpr std::size_t n = Contamination::kGram;
  constexpr std::uint64_t kOut = power(n - 1);
  if (words.size() < n) return;
  std::uint64_t h = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i >= n) h -= words[i - n] * kOut;
    h = h * kBase + words[i];
    if (i + 1 >= n) f(i + 1 - n, h);
  }
}

std::uint64_t hash_of(const std::vector<std::uint64_t>& words) {
  ContentHash h;
  for (const std::uint64_t w : words) h.add(w);
  return h.digest();
}

void words_of(std::vector<std::uint64_t>& out, std::span<const text::Message> prompt) {
  out.clear();
  for (const text::Message& m : prompt) {
    if (m.role == "user") append_words(out, m.content);
  }
}

}  // namespace

void Contamination::add(std::size_t file, std::uint64_t number, std::span<const text::Message> prompt) {
  std::vector<std::uint64_t> words;
  words_of(words, prompt);
  if (words.empty()) return;
  const auto item = static_cast<std::uint32_t>(items_.size());
  items_.push_back({file, number, static_cast<std::uint32_t>(words.size())});
  if (words.size() < kGram) {
    shorts_.emplace(hash_of(words), item);
    return;
  }
  each_row(words, [&](std::size_t at, std::uint64_t h) {
    const auto place = static_cast<std::uint32_t>(places_.size());
    const auto [row, fresh] = rows_.emplace(h, place);
    places_.push_back({item, static_cast<std::uint32_t>(at), fresh ? kNone : row->second});
    row->second = place;
  });
}

Result<void> Contamination::read(const std::string& path) {
  RM_ASSIGN(const std::vector<std::string> files, bench::rmb_files(path));
  json::Document document;
  for (const std::string& file : files) {
    RM_ASSIGN(auto in, records::Elements::open(file));
    files_.push_back({file, 0});
    records::Line line;
    for (;;) {
      RM_ASSIGN(const bool more, in.next(line));
      if (!more) break;
      RM_ASSIGN(const json::Value item, records::parse_line(document, line, in.name()));
      auto prompt = records::read_item_prompt(item);
      if (!prompt) {
        Error e = prompt.error();
        e.where = in.name() + ":" + std::to_string(line.number);
        return e;
      }
      ++files_.back().items;
      add(files_.size() - 1, line.number, *prompt);
    }
    if (files_.back().items == 0) {
      return make_error(Exit::kInput, "empty", "holds no items to compare with", in.name());
    }
  }
  return {};
}

std::optional<Contamination::Hit> Contamination::find_short(std::span<const text::Message> prompt) {
  std::optional<Hit> out;
  for (const text::Message& m : prompt) {
    if (m.role != "user") continue;
    words_.clear();
    append_words(words_, m.content);
    if (words_.empty() || words_.size() >= kGram) continue;
    const auto same = shorts_.find(hash_of(words_));
    if (same == shorts_.end() || out) continue;
    out = Hit{items_[same->second].file, items_[same->second].number, 1.0};
  }
  return out;
}

std::optional<Contamination::Hit> Contamination::find(std::span<const text::Message> prompt) {
  if (!shorts_.empty()) {
    if (auto hit = find_short(prompt)) return hit;
  }
  words_of(words_, prompt);
  found_.clear();
  each_row(words_, [&](std::size_t, std::uint64_t h) {
    const auto row = rows_.find(h);
    if (row == rows_.end()) return;
    for (std::uint32_t p = row->second; p != kNone; p = places_[p].next) {
      auto& found = found_[places_[p].item];
      if (found.empty()) found.resize(items_[places_[p].item].words);
      std::fill_n(found.begin() + places_[p].at, kGram, true);
    }
  });
  std::optional<std::uint32_t> best;
  double share = 0.5;
  for (const auto& [item, found] : found_) {
    const auto n = static_cast<double>(std::count(found.begin(), found.end(), true));
    const double own = n / items_[item].words;
    if (own > share || (best && own == share && item < *best)) best = item, share = own;
  }
  if (!best) return std::nullopt;
  return Hit{items_[*best].file, items_[*best].number, share};
}

}  // namespace rm::distill
