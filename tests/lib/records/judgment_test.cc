#include "lib/records/judgment.h"

#include <doctest/doctest.h>

namespace rm::records {
namespace {

std::string written(const Judgment& j) {
  std::string out;
  json::Writer w(out);
  write_judgment(w, j);
  return out;
}

Sample sample() {
  Sample s;
  s.text = "t";
  s.finish_reason = "stop";
  return s;
}

constexpr const char* kTail =
    R"("finish_reason":"stop","usage":{"prompt_tokens":0,"completion_tokens":0}}],"model":"m","prompt_id":"p","seed":3})";

Judgment begun() {
  Judgment j;
  j.model = "m";
  j.prompt_id = "p";
  j.seed = 3;
  j.samples = {sample()};
  return j;
}

TEST_CASE("each kind of judgment writes what belongs to it, and its samples are read back") {
  Judgment pair = begun();
  pair.verdict = "A";
  pair.preferred = "chosen";
  pair.correct = true;
  pair.votes_a = 1;
  pair.samples[0].verdict = 'A';
  CHECK(written(pair) ==
        std::string(R"({"verdict":"A","preferred":"chosen","correct":true,"confidence":null,)") +
            R"("votes":{"A":1,"B":0,"none":0},"consistent":null,"samples":[{"order":"ab","verdict":"A",)" +
            R"("reason":"ok","type":null,"text":"t","reasoning":"","p_a":null,)" + kTail);

  Judgment ranking = begun();
  ranking.ranking = Ranking{{1, 0, 2}, {0.5, 1.5, -2}, {{0, 1}, {1, 2}, {-3, -1}}, 3};
  ranking.samples[0].pair = {0, 2};
  ranking.samples[0].swapped = true;
  CHECK(
      written(ranking) ==
      std::string(
          R"({"ranking":[1,0,2],"scores":[0.5,1.5,-2],"intervals":[[0,1],[1,2],[-3,-1]],"correct":null,"calls":3,)") +
          R"("samples":[{"pair":[0,2],"order":"ba","verdict":null,"reason":"ok","type":null,"text":"t","reasoning":"",)" +
          R"("p_a":null,)" + kTail);

  Judgment ratings = begun();
  ratings.ratings = {7.5, std::nullopt};
  ratings.samples[0].answer = 1;
  ratings.samples[0].rating = 7.5;
  ratings.samples[0].closed = true;
  CHECK(written(ratings) ==
        std::string(R"({"ratings":[7.5,null],"verdict":null,"preferred":null,"correct":null,"samples":[{"answer":1,)") +
            R"("rating":7.5,"reason":"ok","type":null,"text":"t","reasoning":"","closed":true,)" + kTail);

  for (const Judgment& j : {pair, ranking, ratings}) {
    json::Document doc;
    const auto value = doc.parse(written(j));
    REQUIRE(value.ok());
    const auto back = read_judgment(*value);
    REQUIRE(back.ok());
    CHECK(back->ranking.has_value() == j.ranking.has_value());
    CHECK(back->ratings == j.ratings);
    CHECK(back->samples[0].pair == j.samples[0].pair);
    CHECK(back->samples[0].answer == j.samples[0].answer);
    CHECK(back->samples[0].rating == j.samples[0].rating);
    CHECK(back->samples[0].closed == j.samples[0].closed);
    CHECK(back->samples[0].swapped == j.samples[0].swapped);
    CHECK(back->seed == 3);
  }
}

TEST_CASE("a stored judgment that makes no sense names the field") {
  struct Row {
    const char *text, *part;
  };
  for (const Row& r : {
           Row{"7", "\"judgment\" is a number"},
           Row{R"({"samples":7})", "\"judgment.samples\" is a number"},
           Row{R"({})", "\"judgment.samples\" is missing"},
           Row{R"({"ratings":[7,"8"],"samples":[]})", "\"judgment.ratings\" holds what is neither"},
           Row{R"({"samples":[7]})", "\"judgment.samples[0]\" is a number"},
           Row{R"({"samples":[{"pair":[1]}]})", "\"judgment.samples[0].pair\" is not two places"},
           Row{R"({"samples":[{"pair":[0,-1]}]})", "\"judgment.samples[0].pair\" is not two places"},
           Row{R"({"samples":[{"answer":-1}]})", "\"judgment.samples[0].answer\" is not a whole number"},
           Row{R"({"samples":[{"order":"xy"}]})", "\"judgment.samples[0].order\" is neither"},
           Row{R"({"samples":[{"verdict":"C"}]})", "\"judgment.samples[0].verdict\" is neither"},
       }) {
    CAPTURE(r.text);
    json::Document doc;
    const auto j = read_judgment(*doc.parse(r.text));
    REQUIRE_FALSE(j.ok());
    CHECK(j.error().reason == "bad_judgment");
    CHECK(j.error().message.find(r.part) == 0);
  }
}

}  // namespace
}  // namespace rm::records
