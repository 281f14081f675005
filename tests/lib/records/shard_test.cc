#include "lib/records/shard.h"

#include <doctest/doctest.h>
#include <stdlib.h>

namespace {

void slurm(const char* id, const char* first, const char* count) {
  const char* names[] = {"SLURM_ARRAY_TASK_ID", "SLURM_ARRAY_TASK_MIN", "SLURM_ARRAY_TASK_COUNT"};
  const char* values[] = {id, first, count};
  for (int i = 0; i < 3; ++i) {
    if (values[i] != nullptr) {
      ::setenv(names[i], values[i], 1);
    } else {
      ::unsetenv(names[i]);
    }
  }
}

}  // namespace

TEST_CASE("a shard is I of N, counted from one") {
  CHECK(rm::records::parse_shard("")->whole());
  const auto s = rm::records::parse_shard("2/3", "hash");
  REQUIRE(s.ok());
  CHECK(s->index == 1);
  CHECK(s->count == 3);
  CHECK(s->by_hash);
  for (const char* bad : {"0/3", "4/3", "1", "a/b", "1/0", "-1/2", "1/2/3", " 1/2", "1/2 ", "slurmm"}) {
    CAPTURE(bad);
    const auto r = rm::records::parse_shard(bad);
    REQUIRE_FALSE(r.ok());
    CHECK(r.error().exit == rm::Exit::kUsage);
  }
  CHECK(rm::records::parse_shard("1/2", "name").error().where == "--shard-by");
}

TEST_CASE("slurm arrays may start anywhere but step by one") {
  slurm("12", "10", "4");
  const auto s = rm::records::parse_shard("slurm");
  REQUIRE(s.ok());
  CHECK(s->index == 2);
  CHECK(s->count == 4);
  slurm("16", "10", "4");
  CHECK_FALSE(rm::records::parse_shard("slurm").ok());
  slurm("x", "10", "4");
  CHECK_FALSE(rm::records::parse_shard("slurm").ok());
  slurm(nullptr, nullptr, nullptr);
  CHECK(rm::records::parse_shard("slurm").error().message.find("SLURM_ARRAY_TASK_ID is not set") == 0);
  CHECK(rm::records::parse_shard("")->whole());  // never implied
}

TEST_CASE("ranges meet without gap or overlap, for any size") {
  for (std::uint64_t size : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{10}, ~std::uint64_t{0}}) {
    for (std::uint64_t count : {1, 3, 7}) {
      std::uint64_t at = 0;
      for (std::uint64_t i = 0; i < count; ++i) {
        CHECK(rm::records::range_begin({i, count, false}, size) == at);
        at = rm::records::range_end({i, count, false}, size);
      }
      CHECK(at == size);
    }
  }
}
