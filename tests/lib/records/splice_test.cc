#include "lib/records/splice.h"

#include <doctest/doctest.h>

#include <array>
#include <fstream>

#include "lib/base/json.h"
#include "lib/base/limits.h"
#include "lib/records/failure.h"
#include "lib/records/judgment.h"
#include "tests/lib/base/temp_folder.h"

namespace {

using rm::records::Field;
using rm::records::Line;

const std::span<const std::string_view> kOwn = rm::records::own_fields();

std::string with_judgment(std::string_view line) {
  const Field f{"judgment", "1"};
  return rm::records::splice(line, {&f, 1});
}

}  // namespace

TEST_CASE("new fields stand at the end and the rest keeps every byte") {
  struct Row {
    const char* in;
    const char* out;
  };
  for (const Row& r :
       {Row{"{}", R"({"judgment":1})"}, Row{"{ }", R"({"judgment":1})"}, Row{R"({"a":1})", R"({"a":1,"judgment":1})"},
        Row{R"(  { "a" : 1.0e0 , "b":[ 1, {"judgment":5} ] }  )",
            R"({ "a" : 1.0e0 , "b":[ 1, {"judgment":5} ],"judgment":1 })"},
        Row{R"({"a":1 , "judgment":5 })", R"({"a":1,"judgment":1 })"},
        Row{R"({"a":"}\",{\\","b":"\u00e9"})", R"({"a":"}\",{\\","b":"\u00e9","judgment":1})"},
        // Ours is removed from wherever it stood, also behind an escaped key.
        Row{R"({"judgment":{"x":[1,"]"]},"a":1})", R"({"a":1,"judgment":1})"},
        Row{R"({"a":1, "judgment": null ,"b":2})", R"({"a":1,"b":2,"judgment":1})"},
        Row{R"({"a":1,"judgm\u0065nt":{"x":1}})", R"({"a":1,"judgment":1})"},
        Row{R"({"judgment":0})", R"({"judgment":1})"},
        Row{R"({"judgment2":0,"Judgment":0})", R"({"judgment2":0,"Judgment":0,"judgment":1})"}}) {
    CAPTURE(r.in);
    CHECK(with_judgment(r.in) == std::string(r.out));
    CHECK(with_judgment(r.out) == std::string(r.out));
    rm::json::Document d;
    CHECK(d.parse(with_judgment(r.in)).ok());
  }
}

TEST_CASE("whatever object goes in, all but ours comes out the same") {
  std::ifstream golden(std::string(RM_SOURCE_DIR) + "/tests/golden/base/json.txt");
  REQUIRE(golden);
  int valid = 0, objects = 0;
  std::string hex;
  rm::json::Document before, after;
  while (golden >> valid >> hex) {
    const std::string text = valid == 1 ? rm::tests::from_hex(hex) : "";
    const auto v = before.parse(text);
    if (!v || !v->is(rm::json::Type::kObject)) continue;
    ++objects;
    CAPTURE(text);
    // "a" stands in for a field of ours that many of these objects have.
    const Field ours{"a", "[7]"};
    const std::array<std::string_view, 1> own{"a"};
    const std::string out = rm::records::splice(text, {&ours, 1});
    const auto w = after.parse(out);
    REQUIRE(w.ok());
    CHECK(rm::records::original_hash(out, own) == rm::records::original_hash(text, own));
    std::string wanted, got;
    v->each_member([&](std::string_view k, rm::json::Value m) { wanted += k == "a" ? "" : std::string(k) + m.dump(); });
    w->each_member([&](std::string_view k, rm::json::Value m) { got += std::string(k) + m.dump(); });
    CHECK(got == wanted + "a[7]");
  }
  CHECK(objects > 100);
}

TEST_CASE("several fields come in order, dropped ones go") {
  const std::array<Field, 2> fields{Field{"judgment", "{}"}, Field{"warn\"ing", "[]"}};
  const std::array<std::string_view, 1> drop{"error"};
  CHECK(rm::records::splice(R"({"error":1,"a":2,"err\u006fr2":3})", fields, drop) ==
        R"({"a":2,"err\u006fr2":3,"judgment":{},"warn\"ing":[]})");
}

TEST_CASE("a record has the same identity before and after, another one has not") {
  const std::string line = R"({"a": 1,"b":"x" ,"judgment":{"old":1}})";
  const auto id = rm::records::original_hash(line, kOwn);
  CHECK(id == rm::records::original_hash(with_judgment(line), kOwn));
  CHECK(id == rm::records::original_hash(R"({"error":{},"a":1, "b":"x","warnings":["same_answers"]})", kOwn));
  CHECK(id != rm::records::original_hash(R"({"a":1,"b":"y"})", kOwn));
  CHECK(id != rm::records::original_hash(R"({"b":"x","a":1})", kOwn));
  CHECK(id != rm::records::original_hash(R"({"a":1,"b":"x","c":0})", kOwn));
}

TEST_CASE("a parsed record fails with all its fields") {
  Line line;
  line.number = 7;
  line.text = R"({"id":"x\ny","error":"old","judgment":1})";
  const auto e = rm::make_error(rm::Exit::kInput, "too_long", "the prompt has 5 tokens", "p:7");
  CHECK(rm::records::failure_record(line, e) ==
        R"({"id":"x\ny","judgment":1,"error":{"code":"too_long","message":"the prompt has 5 tokens","line":7}})");
  CHECK(rm::records::failure(line, e, kOwn) ==
        R"({"id":"x\ny","error":{"code":"too_long","message":"the prompt has 5 tokens","line":7}})");
}

TEST_CASE("a line that is no record fails with its text, made valid and cut") {
  Line line;
  line.number = 2;
  line.text = "{\"a\": \xFF\"\n";
  const auto e = rm::make_error(rm::Exit::kInput, "bad_utf8", "no");
  CHECK(rm::records::failure(line, e) ==
        "{\"error\":{\"code\":\"bad_utf8\",\"message\":\"no\",\"line\":2,\"text\":\"{\\\"a\\\": \uFFFD\\\"\\n\"}}");
  line.text.clear();
  while (line.text.size() < 2 * rm::limits::kErrorTextBytes) line.text += "漢";
  rm::json::Document d;
  const auto v = d.parse(rm::records::failure(line, e));
  REQUIRE(v.ok());
  CHECK(v->find("error")->find("text")->string()->size() == 4095);  // 1,365 characters of three bytes
  line.text = "\"" + line.text;
  CHECK(d.parse(rm::records::failure(line, e))->find("error")->find("text")->string()->size() == 4096);
}

TEST_CASE("a judgment survives being written and read") {
  rm::records::Judgment j;
  j.verdict = "A";
  j.preferred = "chosen";
  j.correct = true;
  j.confidence = 0.75;
  j.votes_a = 3, j.votes_b = 1;
  j.consistent = false;
  j.model = "m";
  j.prompt_id = "cor-1";
  j.seed = ~std::uint64_t{0};
  rm::records::Sample s;
  s.swapped = true;
  s.verdict = 'B';
  s.type = "chat";
  s.text = std::string("<answer>\0</answer>", 18);
  s.p_a = 0.1;
  s.finish_reason = "stop";
  s.prompt_tokens = 10, s.completion_tokens = 20;
  j.samples = {s, {}};
  std::string text;
  rm::json::Writer w(text);
  rm::records::write_judgment(w, j);
  CHECK(
      text ==
      R"({"verdict":"A","preferred":"chosen","correct":true,"confidence":0.75,"votes":{"A":3,"B":1,"none":0},"consistent":false,"samples":[)"
      R"({"order":"ba","verdict":"B","reason":"ok","type":"chat","text":"<answer>\u0000</answer>","reasoning":"","p_a":0.1,"finish_reason":"stop","usage":{"prompt_tokens":10,"completion_tokens":20}},)"
      R"({"order":"ab","verdict":null,"reason":"ok","type":null,"text":"","reasoning":"","p_a":null,"finish_reason":"","usage":{"prompt_tokens":0,"completion_tokens":0}}],)"
      R"("model":"m","prompt_id":"cor-1","seed":18446744073709551615})");
  rm::json::Document d;
  const auto back = rm::records::read_judgment(*d.parse(text));
  REQUIRE(back.ok());
  std::string again;
  rm::json::Writer w2(again);
  rm::records::write_judgment(w2, *back);
  CHECK(again == text);
}

TEST_CASE("a judgment of the wrong form is refused by the name of its field") {
  struct Row {
    const char* json;
    const char* part;
  };
  for (const Row& r :
       {Row{"1", "\"judgment\" is a number"}, Row{"{}", "\"judgment.samples\" is missing"},
        Row{R"({"samples":{}})", "expected a list"}, Row{R"({"samples":[1]})", "\"judgment.samples[0]\" is a number"},
        Row{R"({"samples":[{"order":"x"}]})", "order"}, Row{R"({"samples":[{"verdict":"C"}]})", "neither"},
        Row{R"({"samples":[],"votes":{"A":-1}})", "judgment.votes.A"}, Row{R"({"samples":[],"seed":1.5})", "seed"},
        Row{R"({"samples":[],"correct":"yes"})", "true or false"}}) {
    CAPTURE(r.json);
    rm::json::Document d;
    const auto j = rm::records::read_judgment(*d.parse(r.json));
    REQUIRE_FALSE(j.ok());
    CHECK(j.error().reason == "bad_judgment");
    CHECK_MESSAGE(j.error().message.find(r.part) != std::string::npos, j.error().message);
  }
}
