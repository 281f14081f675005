#include <doctest/doctest.h>

#include "lib/base/json.h"
#include "tools/rm-judge/counts.h"

using namespace rm;
using namespace rm::rmjudge;

namespace {

records::Judgment judgment(std::optional<std::string> verdict, std::optional<bool> correct,
                           std::optional<char> letter) {
  records::Judgment j;
  j.verdict = std::move(verdict);
  j.correct = correct;
  records::Sample s;
  s.verdict = letter;
  s.finish_reason = letter ? "stop" : "length";
  s.prompt_tokens = 10;
  s.completion_tokens = 5;
  j.samples = {s};
  return j;
}

}  // namespace

TEST_CASE("counts tell right, wrong, tied and unparsed judgments apart") {
  Counts c;
  c.records = 4;
  c.add(judgment("A", true, 'A'));
  c.add(judgment("B", false, 'B'));
  c.add(judgment("tie", false, 'A'));
  c.add(judgment(std::nullopt, std::nullopt, std::nullopt));
  CHECK(c.judged == 4);
  CHECK(c.labelled == 3);
  CHECK(c.correct == 1);
  CHECK(c.ties == 1);
  CHECK(c.unparsed == 1);
  CHECK(c.cut == 1);
  CHECK(c.said_a == 2);
  CHECK(c.prompt_tokens == 40);

  json::Document d;
  auto v = d.parse(summary_json(c, {"m", "p", 7, 1.5, Exit::kDone}));
  REQUIRE(v.ok());
  CHECK(v->find("judged")->integer() == 4);
  CHECK(v->find("accuracy")->find("share")->number() == doctest::Approx(1.0 / 3));
  CHECK(v->find("accuracy")->find("low")->number() == doctest::Approx(0.0615).epsilon(0.01));  // Wilson, by hand
  CHECK(v->find("consistent")->is(json::Type::kNull));
  CHECK(closing_line(c, {}).find("right in 1 of 3 (33.3 %") != std::string::npos);
}
