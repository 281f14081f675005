#include "lib/base/sorted_spill.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace rm;

namespace {

struct Text {
  std::uint64_t key;
  std::string text;
};

std::vector<Text> random_texts(std::size_t n, std::size_t longest, std::uint64_t keys) {
  std::vector<Text> out;
  std::uint64_t state = 7;
  for (std::size_t i = 0; i < n; ++i) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    out.push_back({(state >> 33) % keys, std::to_string(i) + std::string((state >> 20) % longest, 'x')});
  }
  return out;
}

std::vector<std::string> sorted(std::vector<Text> texts) {
  std::stable_sort(texts.begin(), texts.end(), [](const Text& a, const Text& b) { return a.key < b.key; });
  std::vector<std::string> out;
  out.reserve(texts.size());
  for (Text& t : texts) out.push_back(std::move(t.text));
  return out;
}

}  // namespace

TEST_CASE("texts come back in the order of their keys, equal ones as they were added, whatever fits into memory") {
  struct Row {
    std::size_t memory, texts, longest;
    std::uint64_t keys;
    bool spills;
  };
  for (const Row& r :
       {Row{1 << 20, 500, 40, 1000, false}, Row{4096, 500, 40, 1000, true}, Row{4096, 3000, 900, 5, true},
        Row{1, 200, 50, 20, true}, Row{1 << 16, 40, 300'000, 9, true}, Row{4096, 0, 1, 1, false}}) {
    CAPTURE(r.memory);
    CAPTURE(r.texts);
    const auto texts = random_texts(r.texts, r.longest, r.keys);
    SortedSpill spill(r.memory, "/tmp");
    for (const Text& t : texts) REQUIRE(spill.add(t.key, t.text));
    std::vector<std::string> got;
    REQUIRE(spill.each([&](std::string_view t) -> Result<void> {
      got.emplace_back(t);
      return {};
    }));
    CHECK(got == sorted(texts));
    CHECK((spill.spilled() > 0) == r.spills);
  }
}

TEST_CASE("an error of the reader ends the reading") {
  for (const std::size_t memory : {std::size_t{1} << 20, std::size_t{64}}) {
    SortedSpill spill(memory, "/tmp");
    for (std::uint64_t i = 0; i < 20; ++i) REQUIRE(spill.add(i, "text"));
    int seen = 0;
    const auto done = spill.each([&](std::string_view) -> Result<void> {
      if (++seen == 3) return make_error(Exit::kReaderGone, "gone", "gone");
      return {};
    });
    REQUIRE(!done);
    CHECK(done.error().exit == Exit::kReaderGone);
    CHECK(seen == 3);
  }
}

TEST_CASE("a folder that is not there is named when the first run would go to disk") {
  SortedSpill spill(16, "/nowhere/at all");
  REQUIRE(spill.add(1, "fits, being the first"));
  const auto added = spill.add(2, "does not");
  REQUIRE(!added);
  CHECK(added.error().exit == Exit::kIo);
  CHECK(added.error().text().find("/nowhere/at all") != std::string::npos);
}
