#include "lib/reward/reward.h"

#include <doctest/doctest.h>

using namespace rm;
using reward::Item;

TEST_CASE("rm-r1 rewards each item by its own label, in order") {
  const auto r = reward::rm_r1();
  const char* right = "<think>no</think> <answer>[[A]]</answer>";
  const std::vector<Item> items{
      {"{}", right, judge::Side::kA}, {"{}", right, judge::Side::kB}, {"{}", "", judge::Side::kA}};
  const auto rewards = r->score(items);
  REQUIRE(rewards);
  CHECK(*rewards == std::vector<double>{1, -1, -1});
  CHECK(r->score({})->empty());
  CHECK(r->name() == "rm-r1");
}
