#include "lib/engine/pages.h"

#include <doctest/doctest.h>

#include <random>

using namespace rm::engine;

namespace {

std::vector<Token> ids(std::initializer_list<Token> t) { return t; }

// Publishes `tokens`, whole pages of a pool of width 2, and returns the pages, held.
std::vector<Page> publish_all(PagePool& pool, const std::vector<Token>& tokens) {
  std::vector<Page> pages;
  PagePool::History history = 0;
  for (std::size_t at = 0; at < tokens.size(); at += 2) {
    const auto page = pool.take();
    REQUIRE(page);
    const auto made = pool.publish(*page, history, std::span(tokens).subspan(at, 2));
    pages.push_back(made.page);
    history = made.history;
  }
  return pages;
}

}  // namespace

TEST_CASE("pages are handed out once until they are dropped") {
  PagePool pool(3, 2);
  const auto a = pool.take(), b = pool.take(), c = pool.take();
  REQUIRE((a && b && c));
  CHECK((*a != *b && *b != *c && *a != *c));
  CHECK_FALSE(pool.take().has_value());
  pool.drop(*b);
  CHECK(pool.available() == 1);
  CHECK(pool.take() == b);
  CHECK(pool.consistent());
}

TEST_CASE("a published prefix is found by the longest whole pages it shares") {
  PagePool pool(8, 2);
  auto pages = publish_all(pool, ids({1, 2, 3, 4, 5, 6}));
  struct Row {
    std::vector<Token> tokens;
    std::size_t found;
  };
  for (const Row& row :
       {Row{ids({1, 2, 3, 4, 5, 6, 7}), 3}, Row{ids({1, 2, 3, 4, 5}), 2}, Row{ids({1, 2, 9, 4, 5, 6}), 1},
        Row{ids({3, 4, 5, 6}), 0},  // the same tokens after another history
        Row{ids({1}), 0}, Row{{}, 0}}) {
    auto prefix = pool.match(row.tokens);
    CHECK(prefix.pages.size() == row.found);
    CHECK(std::equal(prefix.pages.begin(), prefix.pages.end(), pages.begin()));
    pool.drop_all(prefix.pages);
  }
  pool.drop_all(pages);
  CHECK(pool.held() == 0);
  CHECK(pool.consistent());
}

TEST_CASE("pages nobody holds keep their prefix until their room is needed, the end of the oldest first") {
  PagePool pool(4, 2);
  auto old = publish_all(pool, ids({1, 2, 3, 4}));
  auto young = publish_all(pool, ids({5, 6, 7, 8}));
  pool.drop_all(old);
  pool.drop_all(young);
  CHECK(pool.available() == 4);
  CHECK(pool.take().has_value());
  auto a = pool.match(ids({1, 2, 3, 4}));
  CHECK(a.pages.size() == 1);  // its end went first
  auto b = pool.match(ids({5, 6, 7, 8}));
  CHECK(b.pages.size() == 2);
  CHECK_FALSE(pool.take().has_value());  // all held
  CHECK(pool.consistent());
}

TEST_CASE("the same history published twice lives in one page") {
  PagePool pool(4, 2);
  auto first = publish_all(pool, ids({1, 2, 3, 4}));
  auto second = publish_all(pool, ids({1, 2, 3, 4}));
  CHECK(first == second);
  CHECK(pool.held() == 2);
  pool.drop_all(first);
  CHECK(pool.held() == 2);
  pool.drop_all(second);
  CHECK(pool.held() == 0);
  CHECK(pool.consistent());
}

TEST_CASE("a history that lost its beginning is not found through a new one") {
  PagePool pool(3, 2);
  auto pages = publish_all(pool, ids({1, 2, 3, 4}));
  pool.drop(pages[0]);  // against the usual order: the beginning goes first
  REQUIRE(pool.take().has_value());
  REQUIRE(pool.take().has_value());  // overwrites it
  CHECK(pool.match(ids({1, 2, 3, 4})).pages.empty());
  CHECK(pool.consistent());
}

TEST_CASE("random use keeps every count right") {
  PagePool pool(20, 2);
  std::mt19937 rng(3);
  std::vector<std::vector<Page>> held;
  for (int i = 0; i < 5000; ++i) {
    if (rng() % 2 == 0 && pool.available() >= 5) {
      std::vector<Token> tokens;
      for (int k = 0; k < 10; ++k) tokens.push_back(static_cast<Token>(rng() % 2));
      auto prefix = pool.match(tokens);
      while (prefix.pages.size() < 5) {
        const auto page = pool.take();
        REQUIRE(page);
        const auto made = pool.publish(*page, prefix.history, std::span(tokens).subspan(prefix.pages.size() * 2, 2));
        prefix.pages.push_back(made.page);
        prefix.history = made.history;
      }
      held.push_back(prefix.pages);
    } else if (!held.empty()) {
      std::swap(held[rng() % held.size()], held.back());
      pool.drop_all(held.back());
      held.pop_back();
    }
    REQUIRE(pool.consistent());
  }
}
