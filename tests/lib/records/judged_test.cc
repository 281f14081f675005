#include "lib/records/judged.h"

#include <doctest/doctest.h>

#include <string>

#include "lib/base/json.h"
#include "lib/records/judged_stream.h"
#include "lib/records/judgment.h"
#include "tests/lib/base/temp_folder.h"

namespace rm::records {
namespace {

Judged read(std::string_view line) {
  static JudgedReader reader;
  static Judged judged;
  const auto r = reader.read(line, judged);
  REQUIRE_MESSAGE(r.ok(), line);
  return judged;
}

TEST_CASE("a judged pair is read wherever its fields stand") {
  const char* judgment =
      R"("judgment":{"verdict":"B","preferred":"rejected","correct":false,"confidence":0.75,"votes":{"A":1,"B":3,"none":0},)"
      R"("consistent":true,"samples":[{"order":"ba","verdict":"A","reason":"ok","text":"} \"judgment\":{"},)"
      R"({"order":"ab","verdict":null,"reason":"length","text":""}],"model":"m","prompt_id":"p","seed":0})";
  const char* tag = R"("bench":{"name":"pairs","version":1,"subset":"a\"b","item":"\u00e9","cell":2,"n":3})";
  for (const std::string& line :
       {"{\"prompt\":\"q\",\"chosen\":\"x\",\"rejected\":\"yy\"," + std::string(tag) + "," + judgment + "}",
        "{" + std::string(judgment) + " , " + tag + ",\"rejected\":\"yy\",\"chosen\":\"x\" }"}) {
    CAPTURE(line);
    const Judged j = read(line);
    CHECK(j.has_bench);
    CHECK(j.bench.name == "pairs");
    CHECK(j.bench.subset == "a\"b");
    CHECK(j.bench.item == "é");
    CHECK(j.bench.cell == 2);
    CHECK(j.bench.n == 3);
    CHECK(j.verdict == 'B');
    CHECK(j.correct == false);
    CHECK(j.consistent == true);
    CHECK(j.confidence == 0.75);
    CHECK(j.model == "m");
    CHECK(j.samples.all == 2);
    CHECK(j.samples.swapped == 1);
    CHECK(j.samples.letters == 1);
    CHECK(j.samples.letter_a == 1);
    CHECK(j.samples.cut == 1);
    CHECK(j.label == Label::kFirst);
    CHECK(j.firsts == 1);
    CHECK(j.first.characters == 1);
    CHECK(j.second.characters == 2);
  }
}

TEST_CASE("what write_judgment writes is read back") {
  Judgment j;
  j.verdict = "tie";
  j.preferred = "tie";
  j.correct = false;
  j.samples.push_back({.swapped = true, .verdict = 'B', .reason = "ok", .text = "\\\"{[\n"});
  j.samples.push_back({.reason = "conflict"});
  std::string text;
  json::Writer w(text);
  write_judgment(w, j);
  const Judged back = read("{\"judgment\":" + text + "}");
  CHECK(back.verdict == 'T');
  CHECK(back.correct == false);
  CHECK(back.confidence == -1);
  CHECK(back.samples.all == 2);
  CHECK(back.samples.letters == 1);
  CHECK(back.samples.letter_a == 0);
  CHECK(back.samples.conflicts == 1);
}

TEST_CASE("labels, rankings, ratings and failures") {
  CHECK(read(R"({"answer_a":"x","answer_b":"y","winner":"B"})").label == Label::kSecond);
  CHECK(read(R"({"answer_a":"x","answer_b":"y","winner":"tie"})").label == Label::kTie);
  CHECK(!read(R"({"answer_a":"x","answer_b":"y"})").label);
  const Judged ratings =
      read(R"({"chosen":["a","b"],"rejected":["c"],"judgment":{"ratings":[1.5,null,3],"samples":[]}})");
  CHECK(ratings.is_rating);
  CHECK(ratings.firsts == 2);
  CHECK(ratings.more_first.size() == 1);
  CHECK(ratings.ratings == std::vector<std::optional<double>>{1.5, std::nullopt, 3.0});
  const Judged ranking = read(R"({"judgment":{"ranking":[2,0,1],"scores":[0.1,-2,1.9],"correct":true,"samples":[]}})");
  CHECK(ranking.is_ranking);
  const Judged failed = read(R"({"chosen":"x","rejected":"y","error":{"code":"too_long","message":"m","line":3}})");
  CHECK(failed.failed);
}

TEST_CASE("lines that are no record are refused, naming the field") {
  for (const char* line :
       {"", "[]", "7", "{\"a\":1", "{\"a\":}", "{\"judgment\":{\"verdict\":3}}", "{\"bench\":{\"cell\":-1}}",
        "{\"a\":1} x", "{\"judgment\":{},\"judgment\":{}}", "{\"bench\":{},\"bench\":{}}"}) {
    CAPTURE(line);
    JudgedReader reader;
    Judged j;
    const auto r = reader.read(line, j);
    REQUIRE(!r.ok());
    CHECK(r.error().reason == "bad_json");
  }
}

TEST_CASE("answers are measured in characters and markdown") {
  struct Case {
    const char* text;  // as JSON
    std::uint32_t characters, marks;
  };
  for (const Case& c : {
           Case{"", 0, 0},
           Case{"plain", 5, 0},
           Case{"naïve 漢字 😀", 10, 0},
           Case{"\\ud83d\\ude00\\u00e9", 2, 0},
           Case{"a\\nb\\\"", 4, 0},
           Case{"# Head\\n\\n- one\\n- two\\n1. three\\n2) four", 36, 5},
           Case{"**bold** and **more**", 21, 2},
           Case{"#no head\\n-no item\\n1.no item\\nx # y", 33, 0},
           Case{"  - inside\\n  * too", 18, 2},
       }) {
    CAPTURE(c.text);
    const Measure m = measure(c.text);
    CHECK(m.characters == c.characters);
    CHECK(m.marks == c.marks);
  }
  const Judged j = read(
      R"({"chosen":[{"role":"user","content":"qq"},{"role":"assistant","content":"abc"}],"rejected":[{"role":"user","content":"qq"},{"role":"assistant","content":"d"}]})");
  CHECK(j.firsts == 1);
  CHECK(j.first.characters == 5);
  CHECK(j.second.characters == 3);
}

TEST_CASE("a stream hands out every line once and in order, with its own texts") {
  const tests::TempFolder folder;
  std::string text;
  for (int i = 0; i < 5000; ++i) {
    text += i % 100 == 99 ? "{\"torn\":\""
                          : "{\"bench\":{\"item\":\"\\\"" + std::to_string(i) + "\"},\"text\":\"" +
                                std::string(i % 700, 'x') + "\"}";
    text += i % 3 == 0 ? "\r\n" : "\n";
    if (i % 50 == 0) text += " \n";
  }
  auto in = JudgedStream::open(folder.write("a.jsonl", "\xEF\xBB\xBF" + text));
  REQUIRE(in.ok());
  int next = 0;
  for (;;) {
    const auto lines = in->next();
    REQUIRE(lines.ok());
    if (lines->empty()) break;
    for (const ScannedLine& l : *lines) {
      CAPTURE(next);
      CHECK(l.bad == (next % 100 == 99));
      CHECK(l.number == static_cast<std::uint64_t>(next + 1 + (next + 49) / 50));
      if (!l.bad) CHECK(l.judged.bench.item == "\"" + std::to_string(next));
      ++next;
    }
  }
  CHECK(next == 5000);
}

// Lines as "number:item" or "number!reason".
std::string stream(const std::string& path) {
  auto in = JudgedStream::open(path);
  if (!in) return in.error().reason;
  std::string out;
  for (;;) {
    const auto lines = in->next();
    if (!lines) return out + " " + lines.error().reason;
    if (lines->empty()) return out;
    for (const ScannedLine& l : *lines) {
      out += (out.empty() ? "" : " ") + std::to_string(l.number);
      out += l.bad ? "!" + l.error->reason : ":" + std::string(l.judged.bench.item);
    }
  }
}

TEST_CASE("the ends of a stream") {
  const tests::TempFolder folder;
  const auto of = [&](std::string_view text) { return stream(folder.write("b.jsonl", text)); };
  const std::string a = R"({"bench":{"item":"a"}})";
  CHECK(of("") == "");
  CHECK(of("\n \n") == "");
  CHECK(of(a) == "1:a");
  CHECK(of("\n" + a + "\n\n" + a) == "2:a 4:a");
  CHECK(of(a + "\n{\"bench\":{\"item\":\"b\n" + a) == "1:a 2!bad_json 3:a");
  CHECK(of(std::string("\xFF\xFEx\0", 4)) == "bad_utf8");
  CHECK(stream(folder.path("none")) == "no_file");
  // A line over a block comes whole; one over the limit is refused and the next one read.
  const std::string long_line = R"({"bench":{"item":"l"},"x":")" + std::string(900'000, 'y') + "\"}";
  CHECK(of(a + "\n" + long_line + "\n" + a) == "1:a 2:l 3:a");
  CHECK(of(a + "\n" + std::string((64u << 20) + 9, 'z') + "\n" + a + "\n") == "1:a 2!line_too_long 3:a");
  CHECK(of(std::string((64u << 20) + 9, 'z')) == "1!line_too_long");
}

}  // namespace
}  // namespace rm::records
