// The pages of the cache: who holds them, which are free, and which still carry a prefix somebody may want again.
//
// Page numbers only; the memory behind them is the model's. A page is held by any number of sequences (reference
// counts). A full page can be published under its whole token history; later sequences that start with the same tokens
// find it. A page nobody holds keeps its prefix until its room is needed: least recently dropped first. Histories are
// compared token by token, never by hash alone. One thread; never allocates after the constructor but for the published
// tokens.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <unordered_map>
#include <vector>

namespace rm::engine {

using Token = std::int32_t;
using Page = std::int32_t;

class PagePool {
 public:
  // Names the tokens from position 0 to the end of a published page. 0: nothing before. Never reused.
  using History = std::uint64_t;

  struct Prefix {
    std::vector<Page> pages;
    History history = 0;  // of the last page
  };
  struct Published {
    Page page = -1;  // the page to keep using: another one, when the same history had been published already
    History history = 0;
  };

  PagePool(std::int64_t pages, int page_tokens);

  int page_tokens() const { return page_tokens_; }
  std::int64_t size() const { return static_cast<std::int64_t>(slots_.size()); }
  std::int64_t available() const { return available_; }  // pages take() can give, published ones nobody holds included
  std::int64_t held() const { return size() - available_; }

  std::optional<Page> take();  // held once; empty when every page is held
  void drop(Page p);           // one holder less
  // Drops all of them, the last first, so that the beginning of a history is the last to be overwritten.
  void drop_all(std::vector<Page>& pages);

  // The longest published chain of full pages that `tokens` start with; each is held once more.
  Prefix match(std::span<const Token> tokens);
  // Makes a full page, held by the caller, findable. When the same history is there already, the caller's hold moves to
  // the page that has it.
  Published publish(Page p, History parent, std::span<const Token> tokens);

  History history_of(Page p) const { return slots_[static_cast<std::size_t>(p)].history; }  // of a page match() gave

  // Counts every page anew; false means a broken invariant. For tests.
  bool consistent() const;

 private:
  struct Slot {
    int holders = 0;
    bool published = false;
    History parent = 0, history = 0;
    std::uint64_t key = 0;
    std::vector<Token> tokens;
    Page before = -1, after = -1;  // neighbours in the list of reusable pages
  };

  static std::uint64_t key_of(History parent, std::span<const Token> tokens);
  std::optional<Page> find(History parent, std::span<const Token> tokens) const;
  void hold(Page p);
  void push_reusable(Page p);
  void unlink_reusable(Page p);
  void forget(Page p);

  int page_tokens_;
  std::int64_t available_;
  std::vector<Slot> slots_;
  std::vector<Page> free_;
  Page oldest_ = -1, newest_ = -1;  // published pages nobody holds
  History next_history_ = 1;
  std::unordered_map<std::uint64_t, Page> by_key_;
};

}  // namespace rm::engine
