#include "lib/engine/pages.h"

#include <algorithm>

namespace rm::engine {

PagePool::PagePool(std::int64_t pages, int page_tokens)
    : page_tokens_(page_tokens), available_(pages), slots_(static_cast<std::size_t>(pages)) {
  free_.reserve(slots_.size());
  for (std::int64_t p = pages - 1; p >= 0; --p) free_.push_back(static_cast<Page>(p));
}

std::optional<Page> PagePool::take() {
  Page p = -1;
  if (!free_.empty()) {
    p = free_.back();
    free_.pop_back();
  } else if (oldest_ >= 0) {
    p = oldest_;
    unlink_reusable(p);
    forget(p);
  } else {
    return std::nullopt;
  }
  slots_[static_cast<std::size_t>(p)].holders = 1;
  --available_;
  return p;
}

void PagePool::hold(Page p) {
  Slot& s = slots_[static_cast<std::size_t>(p)];
  if (s.holders++ == 0) {
    unlink_reusable(p);
    --available_;
  }
}

void PagePool::drop(Page p) {
  Slot& s = slots_[static_cast<std::size_t>(p)];
  if (--s.holders > 0) return;
  ++available_;
  if (s.published) {
    push_reusable(p);
  } else {
    free_.push_back(p);
  }
}

void PagePool::drop_all(std::vector<Page>& pages) {
  for (auto it = pages.rbegin(); it != pages.rend(); ++it) drop(*it);
  pages.clear();
}

PagePool::Prefix PagePool::match(std::span<const Token> tokens) {
  Prefix found;
  const auto width = static_cast<std::size_t>(page_tokens_);
  while (tokens.size() >= width) {
    const auto p = find(found.history, tokens.first(width));
    if (!p) break;
    hold(*p);
    found.pages.push_back(*p);
    found.history = slots_[static_cast<std::size_t>(*p)].history;
    tokens = tokens.subspan(width);
  }
  return found;
}

PagePool::Published PagePool::publish(Page p, History parent, std::span<const Token> tokens) {
  if (const auto twin = find(parent, tokens)) {
    if (*twin != p) {
      hold(*twin);
      drop(p);
    }
    return {*twin, slots_[static_cast<std::size_t>(*twin)].history};
  }
  Slot& s = slots_[static_cast<std::size_t>(p)];
  const History history = next_history_++;
  const std::uint64_t key = key_of(parent, tokens);
  if (!by_key_.emplace(key, p).second) return {p, history};  // another history has this key: this one stays unknown
  s.published = true;
  s.parent = parent;
  s.history = history;
  s.key = key;
  s.tokens.assign(tokens.begin(), tokens.end());
  return {p, history};
}

std::uint64_t PagePool::key_of(History parent, std::span<const Token> tokens) {
  std::uint64_t h = parent * 0x9E3779B97F4A7C15ull + tokens.size();
  for (const Token t : tokens) {
    h ^= static_cast<std::uint32_t>(t);
    h *= 0xFF51AFD7ED558CCDull;
    h ^= h >> 32;
  }
  return h;
}

std::optional<Page> PagePool::find(History parent, std::span<const Token> tokens) const {
  const auto it = by_key_.find(key_of(parent, tokens));
  if (it == by_key_.end()) return std::nullopt;
  const Slot& s = slots_[static_cast<std::size_t>(it->second)];
  if (s.parent != parent || !std::ranges::equal(s.tokens, tokens)) return std::nullopt;
  return it->second;
}

void PagePool::push_reusable(Page p) {
  Slot& s = slots_[static_cast<std::size_t>(p)];
  s.before = newest_;
  s.after = -1;
  (newest_ >= 0 ? slots_[static_cast<std::size_t>(newest_)].after : oldest_) = p;
  newest_ = p;
}

void PagePool::unlink_reusable(Page p) {
  Slot& s = slots_[static_cast<std::size_t>(p)];
  (s.before >= 0 ? slots_[static_cast<std::size_t>(s.before)].after : oldest_) = s.after;
  (s.after >= 0 ? slots_[static_cast<std::size_t>(s.after)].before : newest_) = s.before;
  s.before = s.after = -1;
}

void PagePool::forget(Page p) {
  Slot& s = slots_[static_cast<std::size_t>(p)];
  by_key_.erase(s.key);
  s.published = false;
  s.tokens.clear();
}

bool PagePool::consistent() const {
  std::int64_t held = 0, reusable = 0;
  std::size_t published = 0;
  for (const Slot& s : slots_) {
    held += s.holders > 0;
    published += s.published;
    reusable += s.published && s.holders == 0;
  }
  std::int64_t listed = 0;
  Page last = -1;
  for (Page p = oldest_; p >= 0; last = p, p = slots_[static_cast<std::size_t>(p)].after) {
    const Slot& s = slots_[static_cast<std::size_t>(p)];
    if (++listed > size() || !s.published || s.holders != 0 || s.before != last) return false;
  }
  return last == newest_ && listed == reusable && published == by_key_.size() && available_ == size() - held &&
         available_ == static_cast<std::int64_t>(free_.size()) + reusable;
}

}  // namespace rm::engine
