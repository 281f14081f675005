#include "lib/tune/order.h"

#include <algorithm>
#include <numeric>

#include "tests/lib/tune/golden_lines.h"

using namespace rm;
using namespace rm::tune;

namespace {

// A chain of `length` tokens, each of them `name`, learned from `targets` on.
Example chain(std::int32_t name, std::size_t length, std::int64_t targets) {
  return {text::Ids(length, name), targets, targets, {}};
}

std::vector<std::uint32_t> all(std::size_t n) {
  std::vector<std::uint32_t> out(n);
  std::iota(out.begin(), out.end(), 0u);
  return out;
}

// The chains of each pass, by name: "2 0 | 1".
std::string layout(const std::vector<Pass>& passes) {
  std::string out;
  for (const Pass& p : passes) {
    out += out.empty() ? "" : " | ";
    for (std::size_t i = 0; i < p.begins.size(); ++i) {
      out += (i > 0 ? " " : "") + std::to_string(p.ids[static_cast<std::size_t>(p.begins[i])]);
    }
  }
  return out;
}

double sum(const std::vector<Pass>& passes) {
  double out = 0;
  for (const Pass& p : passes) out += std::accumulate(p.weights.begin(), p.weights.end(), 0.0);
  return out;
}

}  // namespace

TEST_CASE("the order of an epoch is the shuffle that numpy's Philox gives") {
  each_golden("order.jsonl", [](const json::Value& row) {
    std::vector<std::uint32_t> want;
    for (const json::Value& v : row.find("order")->items()) want.push_back(static_cast<std::uint32_t>(*v.integer()));
    CHECK(epoch_order(*row.find("seed")->unsigned_integer(), whole(row, "epoch"),
                      static_cast<std::uint32_t>(want.size())) == want);
  });
}

TEST_CASE("an epoch takes every chain once, in an order of its own") {
  for (const std::uint32_t count : {0u, 1u, 1000u}) {
    std::vector<std::uint32_t> order = epoch_order(5, 0, count);
    if (count > 1) CHECK(order != epoch_order(5, 1, count));
    if (count > 1) CHECK(order != epoch_order(6, 0, count));
    std::ranges::sort(order);
    CHECK(order == all(count));
  }
}

TEST_CASE("an epoch ends with a short batch where chains are left") {
  struct Row {
    std::int64_t chains, batch, steps;
  };
  for (const Row& r : {Row{0, 128, 0}, Row{1, 128, 1}, Row{128, 128, 1}, Row{129, 128, 2}, Row{5, 0, 0}})
    CHECK(steps_per_epoch(r.chains, r.batch) == r.steps);
}

TEST_CASE("passes hold whole chains, are nearly full, and a chain that is too long stands alone") {
  struct Row {
    std::vector<std::size_t> lengths;
    std::int64_t tokens;
    const char* layout;
  };
  for (const Row& r : {
           Row{{}, 10, ""},
           Row{{4}, 10, "0"},
           Row{{4, 4, 4}, 8, "0 1 | 2"},
           Row{{3, 7, 3, 7}, 10, "0 1 | 2 3"},      // long ones first, each with the short one that fills it
           Row{{20, 3, 15, 3}, 10, "0 | 2 | 1 3"},  // numbers of passes follow the lengths
           Row{{5, 5, 5}, 4, "0 | 1 | 2"},
           Row{{6, 5, 4, 3, 2}, 10, "0 2 | 1 3 4"},
       }) {
    std::vector<Example> chains;
    for (const std::size_t n : r.lengths) chains.push_back(chain(static_cast<std::int32_t>(chains.size()), n, 1));
    const std::vector<Pass> passes = make_passes(chains, all(chains.size()), 1, r.tokens);
    CHECK(layout(passes) == r.layout);
    for (const Pass& p : passes) {
      CHECK(p.weights.size() == p.ids.size());
      CHECK((p.begins.size() == 1 || std::ssize(p.ids) <= r.tokens));
    }
  }
}

TEST_CASE("a token's weight is its share of the mean of its micro-batch, whatever pass it is in") {
  // Targets: 2, 4, 1, 5, 3. Micro-batches of two chains: 6, 6 and 3 targets; the last has one chain.
  const std::vector<Example> chains{chain(0, 3, 1), chain(1, 6, 2), chain(2, 4, 3), chain(3, 6, 1), chain(4, 9, 6)};
  const double want[] = {1. / 18, 1. / 18, 1. / 18, 1. / 18, 1. / 9};
  for (const std::int64_t tokens : {1, 9, 12, 1000}) {
    const std::vector<Pass> passes = make_passes(chains, all(5), 2, tokens);
    CHECK(sum(passes) == doctest::Approx(1));
    for (const Pass& p : passes) {
      for (std::size_t i = 0; i < p.begins.size(); ++i) {
        const auto begin = static_cast<std::size_t>(p.begins[i]);
        const auto which = static_cast<std::size_t>(p.ids[begin]);
        for (std::size_t t = 0; t < chains[which].ids.size(); ++t) {
          const bool target = static_cast<std::int64_t>(t) >= chains[which].targets;
          CHECK(p.ids[begin + t] == chains[which].ids[t]);
          CHECK(p.weights[begin + t] == doctest::Approx(target ? want[which] : 0));
        }
      }
    }
  }
  // One micro-batch of all: a mean over tokens. One a chain: a mean of means.
  CHECK(make_passes(chains, all(5), 5, 100)[0].weights[5] == doctest::Approx(1. / 15));
  CHECK(sum(make_passes(chains, std::vector<std::uint32_t>{4, 1}, 1, 100)) == doctest::Approx(1));
}

TEST_CASE("a pass is halved between sequences, nothing lost") {
  struct Row {
    std::vector<std::size_t> lengths;
    const char* layout;
  };
  for (const Row& r : {Row{{5}, ""}, Row{{5, 5}, "0 | 1"}, Row{{9, 1, 1}, "0 | 1 2"}, Row{{1, 1, 9}, "0 1 | 2"},
                       Row{{2, 2, 2, 2}, "0 1 | 2 3"}}) {
    Pass p;
    for (std::size_t i = 0; i < r.lengths.size(); ++i) {
      p.begins.push_back(std::ssize(p.ids));
      p.ids.resize(p.ids.size() + r.lengths[i], static_cast<std::int32_t>(i));
    }
    for (std::size_t t = 0; t < p.ids.size(); ++t) p.weights.push_back(static_cast<float>(t));
    const std::vector<Pass> two = halve(p);
    CHECK(layout(two) == r.layout);
    if (two.empty()) continue;
    Pass joined;
    for (const Pass& half : two) {
      CHECK(half.begins.front() == 0);
      joined.ids.insert(joined.ids.end(), half.ids.begin(), half.ids.end());
      joined.weights.insert(joined.weights.end(), half.weights.begin(), half.weights.end());
    }
    CHECK(joined.ids == p.ids);
    CHECK(joined.weights == p.weights);
  }
}

TEST_CASE("the same chains are held out whatever else there is, near the share that is asked") {
  int held = 0;
  for (int i = 0; i < 2000; ++i) {
    const ChainText c{{{"system", "s"}, {"user", "question " + std::to_string(i)}}, "r", {}};
    ChainText other = c;
    other.response = "another";
    const bool in = held_out(c, 0.1);
    CHECK(held_out(other, 0.1) == in);  // the prompt decides
    CHECK((!in || held_out(c, 0.2)));   // more is held out with a larger share, none is let back
    held += in;
  }
  CHECK(held > 140);
  CHECK(held < 260);
  CHECK(!held_out({{{"user", "x"}}, "r", {}}, 0));
  CHECK(held_out({{{"user", "x"}}, "r", {}}, 1));
}
