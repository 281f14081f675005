// Buckets: every row once in its own place, what is before a span in front of it, and bounded padding.
#include "lib/ops/packing.h"

#include <set>

#undef CHECK  // c10's; doctest's is meant
#include <doctest/doctest.h>

using namespace rm::ops;

TEST_CASE("buckets hold every span once, each behind the rows it goes on from") {
  // A prompt of 50 rows with three replies, alone sequences short and long.
  std::vector<Batch::Span> spans{{0, 50, 0, 0},  {50, 10, 50, 0}, {60, 25, 50, 0},
                                 {85, 1, 50, 0}, {86, 700, 0, 0}, {786, 3, 0, 0}};
  const std::vector<Bucket> buckets = make_buckets(spans);
  CHECK(buckets.size() == 2);
  std::set<std::int64_t> own;
  for (const Bucket& b : buckets) {
    const auto* rows = b.rows.const_data_ptr<std::int64_t>();
    const auto* places = b.places.const_data_ptr<std::int64_t>();
    const auto* mine = b.own.const_data_ptr<std::int64_t>();
    REQUIRE(b.rows.numel() == std::ssize(b.spans) * b.length);
    REQUIRE(b.places.numel() == b.own.numel());
    for (std::int64_t i = 0; i < b.own.numel(); ++i) {
      CHECK(rows[places[i]] == mine[i]);
      CHECK(own.insert(mine[i]).second);
    }
    for (std::size_t i = 0; i < b.spans.size(); ++i) {
      const Batch::Span& s = b.spans[i];
      for (std::int64_t t = 0; t < s.position; ++t)
        CHECK(rows[static_cast<std::int64_t>(i) * b.length + t] == s.pages + t);
    }
  }
  CHECK(own.size() == 789);
}

TEST_CASE("padding is bounded") {
  std::vector<Batch::Span> spans;
  std::int64_t row = 0;
  for (std::int64_t n = 1; n < 3000; n = n * 5 / 4 + 1) {
    spans.push_back({row, n, 0, 0});
    row += n;
  }
  std::size_t count = 0;
  for (const Bucket& b : make_buckets(spans)) {
    std::int64_t used = 0;
    for (const Batch::Span& s : b.spans) used += s.count;
    const std::int64_t n = std::ssize(b.spans), all = n * b.length;
    CHECK(all - used <= std::max(all / 4, n * 64));
    count += b.spans.size();
  }
  CHECK(count == spans.size());
  CHECK(make_buckets(spans).size() < spans.size() / 2);
  CHECK(make_buckets({}).empty());
}
