#include "lib/bench/tally.h"

#include <doctest/doctest.h>

#include "lib/bench/compare.h"
#include "lib/bench/scores.h"
#include "tests/lib/bench/judged_records.h"

namespace rm::bench {
namespace {

bool holds(const std::string& text, const char* part) { return text.find(part) != text.npos; }

// All of RM-Bench, but for what `skip` says.
template <class F>
void whole_rm_bench(Tally& t, F skip) {
  for (const Subset& s : find_rules("rm-bench")->subsets) {
    for (int i = 0; i < s.items; ++i) {
      for (int c = 0; c < kCells; ++c) {
        if (!skip(s.name, i, c))
          add(t, judged(tag("rm-bench", std::string(s.name), std::to_string(i), c, kCells), "A"));
      }
    }
  }
}

TEST_CASE("a whole benchmark passes, and a hole, an item, a subset that is missing is named") {
  Tally whole, hole, item, subset;
  whole_rm_bench(whole, [](auto, int, int) { return false; });
  CHECK(whole.check(false).ok());
  whole_rm_bench(hole, [](std::string_view s, int i, int c) { return s == "math" && i == 17 && c == 5; });
  CHECK(holds(hole.check(false).error().message, "item \"17\", cell 5 of \"math\" is missing"));
  whole_rm_bench(item, [](std::string_view s, int i, int) { return s == "code" && i == 9; });
  CHECK(holds(item.check(false).error().message, "subset code: 227 of 228 items"));
  whole_rm_bench(subset, [](std::string_view s, int, int) { return s == "safety-refuse"; });
  CHECK(holds(subset.check(false).error().message, "subset safety-refuse: 0 of 284 items"));
  for (Tally* t : {&hole, &item, &subset}) {
    CHECK(t->check(false).error().exit == Exit::kInput);
    CHECK(t->check(true).ok());
    CHECK(t->missing().size() == 1);
  }
}

TEST_CASE("repeated and unknown items are errors even of a partial run") {
  Tally t;
  add(t, judged(tag("rm-bench", "chat", "3", 1, 9), "A"));
  CHECK(t.check(true).ok());
  add(t, judged(tag("rm-bench", "chat", "3", 1, 9), "B"));
  CHECK(holds(t.check(true).error().message, "item \"3\", cell 1 of \"chat\" is repeated"));
  Tally u;
  add(u, judged(tag("reward-bench", "no-such-subset", "3"), "A"));
  CHECK(holds(u.check(true).error().message, "unknown subset \"no-such-subset\""));
  Tally many;
  for (int i = 0; i < 29; ++i) add(many, judged(tag("reward-bench", "mt-bench-easy", std::to_string(i)), "A"));
  CHECK(holds(many.check(true).error().message, "mt-bench-easy: 29 items, which is more than its 28"));
}

TEST_CASE("records that are no judged record of one benchmark are refused with what is wrong") {
  struct Case {
    std::string line;
    const char* reason;
  };
  for (const Case& c : {
           Case{R"({"chosen":"x","rejected":"y","judgment":{}})", "no_bench"},
           Case{"{" + tag("rm-bench", "chat", "1", 0, 9) + "}", "no_judgment"},
           Case{judged(tag("rm-bunch", "chat", "1"), "A"), "bad_bench"},
           Case{judged(tag("rm-bench", "chat", "1", 0, 3), "A"), "bad_bench"},
           Case{judged(tag("pairs", "x", "1", 3, 3), "A"), "bad_bench"},
           Case{judged(tag("pairs", "x", "1", 0, 65), "A"), "bad_bench"},
           Case{judged(tag("pairs", "x", ""), "A"), "bad_bench"},
           Case{judged(tag("reward-bench-2", "Ties", "tied:1"), "A"), "not_rated"},
           Case{judged(tag("reward-bench-2", "Ties", "seven"), "A"), "bad_bench"},
           Case{R"({"error":{"code":"bad_json","message":"","line":1,"text":"x"}})", "lost_line"},
       }) {
    CAPTURE(c.line);
    Tally t;
    CHECK(add(t, c.line) == c.reason);
  }
  Tally t;
  CHECK(add(t, judged(tag("pairs", "x", "1"), "A")) == "");
  CHECK(add(t, judged(tag("rm-bench", "chat", "1", 0, 9), "A")) == "other_bench");
}

TEST_CASE("an expected file says what belongs and what must come") {
  Tally t;
  records::JudgedReader reader;
  records::Judged j;
  const std::string name = "pairs";
  for (const char* item : {"a", "b", "c"}) {
    const std::string line = "{" + tag("reward-bench", "donotanswer", item) + "}";
    REQUIRE(reader.read(line, j).ok());
    REQUIRE(t.expect(j, {name, 1}).ok());
  }
  add(t, judged(tag("reward-bench", "donotanswer", "a"), "A"));
  CHECK(holds(t.check(false).error().message, "item \"b\" of \"donotanswer\" is missing"));
  add(t, judged(tag("reward-bench", "donotanswer", "b"), "A"));
  add(t, judged(tag("reward-bench", "donotanswer", "c"), "A"));
  CHECK(t.check(false).ok());
  add(t, judged(tag("reward-bench", "donotanswer", "d"), "A"));
  CHECK(holds(t.check(false).error().message, "unknown item \"d\""));
}

TEST_CASE("what came of a record is told apart") {
  struct Case {
    std::string line;
    Outcome outcome;
  };
  const std::string t = tag("pairs", "x", "1");
  for (const Case& c : {
           Case{judged(t, "A"), Outcome::kRight},
           Case{judged(t, "B"), Outcome::kWrong},
           Case{judged(t, "tie"), Outcome::kTie},
           Case{judged(t, "", "no_verdict"), Outcome::kNoVerdict},
           Case{judged(t, "", "length"), Outcome::kLength},
           Case{judged(t, "", "conflict"), Outcome::kConflict},
           Case{"{" + t + R"(,"chosen":"x","rejected":"y","error":{"code":"too_long","message":"","line":1}})",
                Outcome::kFailed},
           Case{"{" + t + R"(,"answer_a":"x","answer_b":"y","judgment":{"verdict":"A","correct":null,"samples":[]}})",
                Outcome::kUnlabelled},
           Case{"{" + t + R"(,"answer_a":"x","answer_b":"y","winner":"B","judgment":{"ratings":[3,7],"samples":[]}})",
                Outcome::kRight},
           Case{"{" + t + R"(,"chosen":"x","rejected":"y","judgment":{"ratings":[3,3],"samples":[]}})", Outcome::kTie},
           Case{"{" + t + R"(,"chosen":["x"],"rejected":["y","z"],"judgment":{"ratings":[3,null,1],"samples":[]}})",
                Outcome::kNoVerdict},
       }) {
    CAPTURE(c.line);
    Tally tally;
    REQUIRE(add(tally, c.line) == "");
    CHECK(tally.rows()[0].outcome == c.outcome);
    if (c.outcome == Outcome::kTie) CHECK(tally.rows()[0].credit == 0);
    CHECK(tally.counts().of(c.outcome) == 1);
  }
}

TEST_CASE("a judge of which every record failed scores 0 of n") {
  Tally t;
  for (int i = 0; i < 5; ++i)
    add(t, "{" + tag("pairs", "x", std::to_string(i)) +
               R"(,"chosen":"x","rejected":"y","error":{"code":"too_long","message":"","line":1}})");
  const auto s = score(t, {});
  REQUIRE(s.ok());
  CHECK(*s->overall.value == 0);
  CHECK(s->overall.n == 5);
  CHECK(s->overall.interval.high > 0.4);
}

TEST_CASE("content-free judges and biases are measured beside the judge") {
  Tally t;
  // The right answer is the longer one in 8 of 10; the judge prefers the longer one always.
  for (int i = 0; i < 10; ++i) {
    const bool longer = i < 8;
    add(t, judged(tag("pairs", "x", std::to_string(i)), longer ? "A" : "B", "ok", longer ? "long answer" : "s",
                  longer ? "s" : "long answer"));
  }
  const auto s = score(t, {});
  REQUIRE(s.ok());
  const auto bias = [&](const std::string& name) {
    for (const Figure& f : s->bias) {
      if (f.name == name) return *f.value;
    }
    return -1.0;
  };
  CHECK(bias("prefers the longer") == 1);
  CHECK(bias("the longer is right") == doctest::Approx(0.8));
  CHECK(bias("says A") == doctest::Approx(0.8));
  REQUIRE(s->baselines.size() == 3);
  CHECK(*s->baselines[0].overall.value == 1);  // the right answer always stood first
  CHECK(*s->baselines[1].overall.value == doctest::Approx(0.8));
  CHECK(*s->baselines[2].overall.value == doctest::Approx(0.2));
}

TEST_CASE("comparing finds the same items whatever their order, and names those that are not the same") {
  Tally a, b, c;
  for (int i = 0; i < 20; ++i)
    add(a, judged(tag("pairs", i % 2 ? "odd" : "even", std::to_string(i)), i < 10 ? "A" : "B"));
  for (int i = 19; i >= 0; --i)
    add(b, judged(tag("pairs", i % 2 ? "odd" : "even", std::to_string(i)), i < 15 ? "A" : "B"));
  for (int i = 1; i < 21; ++i) add(c, judged(tag("pairs", i % 2 ? "odd" : "even", std::to_string(i)), "A"));
  const auto same = compare(a, b, {});
  REQUIRE(same.ok());
  CHECK(*same->difference.value == doctest::Approx(0.25));
  CHECK(same->only_first == 0);
  CHECK(same->only_second == 5);
  CHECK(same->p == doctest::Approx(0.0625));
  CHECK(*same->agreement.value == doctest::Approx(0.75));
  int differing = 0;
  REQUIRE(each_difference(a, b, [&](const Item& i, const Row&, const Row&) {
            ++differing;
            CHECK(std::stoi(a.item_name(i)) >= 10);
            return Result<void>();
          }).ok());
  CHECK(differing == 5);
  const auto other = compare(a, c, {});
  REQUIRE(!other.ok());
  CHECK(holds(other.error().message, "item \"20\" of \"even\" is only in this one"));
  CHECK(holds(other.error().message, "item \"0\" of \"even\" is only in the first"));
}

}  // namespace
}  // namespace rm::bench
