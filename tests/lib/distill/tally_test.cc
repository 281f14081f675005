#include "lib/distill/tally.h"

#include <doctest/doctest.h>

namespace rm::distill {
namespace {

records::Chain chain(records::ChainStatus status, const char* reason, char verdict, int pass, std::int64_t tokens) {
  records::Chain c;
  c.status = status;
  c.reason = reason;
  c.verdict = verdict;
  c.pass = pass;
  c.prompt_tokens = 10;
  c.completion_tokens = tokens;
  return c;
}

TEST_CASE("chains are counted by status, reason, pass, label and length") {
  using enum records::ChainStatus;
  Tally t;
  t.add(chain(kKept, "ok", 'A', 1, 64), false);
  t.add(chain(kKept, "ok", 'B', 2, 65), true);
  t.add(chain(kWrong, "no_verdict", 'B', 2, 100'000), true);
  t.add(chain(kLeak, "told", 'A', 2, 1), true);
  t.add(chain(kFailed, "too_long", 'A', 1, 0), false);
  t.failed("bad_json");
  CHECK(t.asked() == 3);
  CHECK(t.kept() == 2);
  CHECK(t.failed_before() == 1);
  CHECK(t.tokens() == 30 + 65 + 100'000 + 1);
  std::string out;
  json::Writer w(out);
  w.begin_object();
  t.write(w);
  w.end_object();
  json::Document d;
  const auto v = d.parse(out);
  REQUIRE(v.ok());
  CHECK(v->find("kept")->find("pass_1")->integer() == 1);
  CHECK(v->find("kept")->find("pass_2")->integer() == 1);
  CHECK(v->find("reasons")->dump() == R"({"bad_json":1,"no_verdict":1,"told":1,"too_long":1})");
  CHECK(v->find("labels")->dump() == R"({"seen":{"A":3,"B":2},"kept":{"A":1,"B":1}})");
  CHECK(v->find("tokens")->dump() == R"({"prompt":30,"completion":100066})");
  const auto bins = v->find("histogram")->items();
  REQUIRE(bins.size() == 11);
  CHECK(bins[0].dump() == R"({"up_to":64,"kept":1,"other":1})");
  CHECK(bins[1].dump() == R"({"up_to":128,"kept":1,"other":0})");
  CHECK(bins[9].find("up_to")->integer() == 32768);
  CHECK(bins[10].dump() == R"({"up_to":null,"kept":0,"other":1})");
}

TEST_CASE("the closing text has two lines, also where nothing was asked") {
  const std::string none = Tally().text();
  CHECK(none.find('\n') != none.npos);
  CHECK(none.find("nan") == none.npos);
  Tally t;
  t.add(chain(records::ChainStatus::kKept, "ok", 'A', 1, 5), true);
  t.add(chain(records::ChainStatus::kWrong, "length", 'B', 1, 5), true);
  CHECK(t.text() ==
        "1 kept (50.0 %); 1 wrong, 0 leak (1 length)\nright verdict A and B: 1 and 1 of all, 1 and 0 of the kept; 20 "
        "prompt and 10 "
        "reply tokens");
}

}  // namespace
}  // namespace rm::distill
