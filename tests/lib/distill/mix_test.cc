#include "lib/distill/mix.h"

#include <doctest/doctest.h>

#include <algorithm>

using namespace rm;
using namespace rm::distill;

namespace {

struct Feed {
  MixRules rules;
  std::vector<std::vector<std::string>> lines;
  std::vector<std::string> first, rest;
  std::vector<SourceCounts> counts;

  Result<void> run(std::size_t memory = 1u << 20) {
    Mix mix(rules, nullptr, memory);
    json::Document d;
    for (std::size_t s = 0; s < lines.size(); ++s) {
      records::Line line;
      for (const std::string& text : lines[s]) {
        line.text = text;
        ++line.number;
        const auto v = d.parse(text);
        REQUIRE(v);
        std::optional<Contamination::Hit> hit;
        if (auto taken = mix.take(s, line, *v, hit); !taken) RM_TRY(mix.keep_failure(text));
      }
    }
    RM_TRY(mix.write([&](bool other, std::string_view line) -> Result<void> {
      (other ? rest : first).emplace_back(line);
      return {};
    }));
    counts = mix.sources();
    return {};
  }
};

std::string pair(int i, const char* extra = "") {
  return R"({"prompt":"q)" + std::to_string(i) + R"(","chosen":"good","rejected":"bad")" + extra + "}";
}

Feed feed(std::size_t a, std::size_t b) {
  Feed f;
  f.rules.sources = {{"a", "a.jsonl", {}, {}}, {"b", "b.jsonl", {}, {}}};
  f.lines.resize(2);
  for (std::size_t i = 0; i < a; ++i) f.lines[0].push_back(pair(static_cast<int>(i)));
  for (std::size_t i = 0; i < b; ++i) f.lines[1].push_back(pair(static_cast<int>(1000 + i)));
  return f;
}

std::size_t of(const std::vector<std::string>& lines, const char* text) {
  std::size_t n = 0;
  for (const std::string& l : lines) n += l.find(text) != l.npos ? 1 : 0;
  return n;
}

}  // namespace

TEST_CASE("a pair comes out with its other fields, under one prompt, with its place") {
  Feed f = feed(0, 0);
  f.lines[1] = {R"( { "id" : "\u00e9", "instruction":"q","chosen":"good","rejected":"bad", "mix":1,"n":1e2 } )"};
  REQUIRE(f.run());
  REQUIRE(f.first.size() == 1);
  CHECK(
      f.first[0] ==
      R"({ "id" : "\u00e9","n":1e2,"prompt":"q" ,"answer_a":"good","answer_b":"bad","winner":"A","mix":{"source":"b","line":1}})");
}

TEST_CASE("the winner alternates in each output, and the split is by prompt") {
  Feed f = feed(200, 200);
  f.rules.split = 0.25;
  REQUIRE(f.run());
  CHECK(f.first.size() + f.rest.size() == 400);
  CHECK(f.first.size() > 60);
  CHECK(f.first.size() < 140);
  for (const auto* out : {&f.first, &f.rest}) {
    for (std::size_t i = 0; i < out->size(); ++i) {
      const bool b = (i % 2 == 1) != (out == &f.rest);
      CHECK((*out)[i].find(b ? R"("answer_b":"good","winner":"B")" : R"("answer_b":"bad","winner":"A")") !=
            std::string::npos);
    }
  }
}

TEST_CASE("order and sample hang on content and seed, not on memory, file or line") {
  Feed f = feed(300, 0), spilled = feed(300, 0), other = feed(300, 0), reversed = feed(300, 0);
  std::reverse(reversed.lines[0].begin(), reversed.lines[0].end());
  other.rules.seed = 1;
  for (Feed* x : {&f, &spilled, &other, &reversed}) x->rules.sources[0].cap = 100;
  REQUIRE(f.run());
  REQUIRE(spilled.run(2000));
  REQUIRE(other.run());
  REQUIRE(reversed.run());
  CHECK(f.first.size() == 100);
  CHECK(f.first == spilled.first);
  CHECK(f.first != other.first);
  for (std::size_t i = 0; i < 100; ++i) {
    const auto cut = f.first[i].find(",\"mix\"");
    CHECK(f.first[i].substr(0, cut) == reversed.first[i].substr(0, cut));
  }
}

TEST_CASE("caps and weights") {
  struct Row {
    std::optional<std::uint64_t> cap_a, cap_b;
    std::optional<double> weight_a, weight_b;
    std::size_t a, b;
  };
  for (const Row& r : {Row{{}, {}, {}, {}, 90, 60}, Row{10, {}, {}, {}, 10, 60}, Row{0, 1000, {}, {}, 0, 60},
                       Row{{}, {}, 1.0, {}, 60, 60}, Row{{}, {}, 3.0, {}, 90, 30}, Row{{}, {}, 0.1, 0.2, 30, 60},
                       Row{{}, 30, 1.0, 2.0, 15, 30}, Row{{}, {}, 1.0, 1e6, 0, 60}}) {
    Feed f = feed(90, 60);
    f.rules.sources[0].cap = r.cap_a, f.rules.sources[1].cap = r.cap_b;
    f.rules.sources[0].weight = r.weight_a, f.rules.sources[1].weight = r.weight_b;
    REQUIRE(f.run());
    CAPTURE(r.a);
    CHECK(of(f.first, R"("source":"a")") == r.a);
    CHECK(of(f.first, R"("source":"b")") == r.b);
    CHECK(f.counts[0].capped + f.counts[0].kept == 90);
  }
  Feed none = feed(0, 5);
  none.rules.sources[1].weight = 2;
  const auto ended = none.run();
  REQUIRE(!ended);
  CHECK(ended.error().exit == Exit::kInput);
}

TEST_CASE("excluded, then duplicates; failures last and in order") {
  Feed f = feed(3, 0);
  f.lines[0].push_back(pair(1, R"(,"source":"x")"));
  f.lines[0].push_back(pair(1));
  f.lines[0].push_back(R"({"prompt":"q1","answer_a":"bad","answer_b":"g\u006fod","winner":"b"})");
  f.lines[0].insert(f.lines[0].begin(), {R"({"z":1})", R"({"y":2})"});
  f.rules.exclude.push_back(*records::Condition::parse("source=x"));
  f.rules.dedup = Dedup::kPair;
  REQUIRE(f.run());
  CHECK(f.first.size() == 5);
  CHECK(f.first[3] == R"({"z":1})");
  CHECK(f.first[4] == R"({"y":2})");
  const SourceCounts& c = f.counts[0];
  CHECK(c.seen == 8);
  CHECK(c.excluded == 1);
  CHECK(c.duplicates == 2);
  CHECK(c.failed == 2);
  CHECK(c.kept == 3);
}
