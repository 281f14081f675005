#include "lib/report/browse.h"

#include <doctest/doctest.h>

#include <map>

#include "lib/base/base64.h"
#include "tests/lib/base/inflate.h"
#include "tests/lib/bench/judged_records.h"

namespace rm::report {
namespace {

// What a browser does with the script elements.
class Unpacked {
 public:
  explicit Unpacked(Browse& browse) {
    REQUIRE(browse.write([this](std::string_view line) -> Result<void> {
      const std::size_t id = line.find("id=\"") + 4, begin = line.find('>') + 1, end = line.rfind("</script>");
      const std::string_view inside = line.substr(begin, end - begin);
      CHECK(inside.find_first_of("<>&") == inside.npos);
      texts_[std::string(line.substr(id, line.find('"', id) - id))] = inflate_raw(*decode_base64(inside), 4 << 20);
      return {};
    }));
  }
  json::Value at(const std::string& id) {
    REQUIRE_MESSAGE(texts_.contains(id), id);
    auto v = documents_[id].parse(texts_[id]);
    REQUIRE(v);
    return *v;
  }
  bool has(const std::string& id) const { return texts_.contains(id); }

 private:
  std::map<std::string, std::string> texts_;
  std::map<std::string, json::Document> documents_;
};

void add(Browse& b, std::size_t run, const std::string& line) {
  records::JudgedReader reader;
  records::Judged judged;
  REQUIRE(reader.read(line, judged));
  json::Document d;
  const auto v = d.parse(line);
  REQUIRE(v);
  b.add(run, judged, bench::row_of(judged).outcome, *v, {});
}

std::string record(int item, const std::string& verdict, const std::string& question = "q",
                   const std::string& text = "t") {
  return "{\"prompt\":\"" + question + "\",\"chosen\":\"x\",\"rejected\":\"y\"," +
         bench::tag("pairs", "s", std::to_string(item)) + ",\"judgment\":{\"verdict\":\"" + verdict +
         "\",\"correct\":" + (verdict == "A" ? "true" : "false") +
         ",\"confidence\":0.75,\"samples\":[{\"order\":\"ab\",\"verdict\":\"" + verdict +
         "\",\"reason\":\"ok\",\"text\":\"" + text + "\"}],\"model\":\"m\"}}";
}

TEST_CASE("texts lie once, traces once a run, both where the index says") {
  Browse b(100);
  const auto first = b.add_run("one"), second = b.add_run("two");
  for (int i = 0; i < 3; ++i)
    add(b, first, record(i, "A", "question  " + std::to_string(i), "trace " + std::to_string(i)));
  for (int i = 2; i >= 1; --i) add(b, second, record(i, "B", "question", "other " + std::to_string(i)));
  CHECK(b.kept() == 3);
  Unpacked u(b);
  const auto index = u.at("index");
  const auto records = index.find("records")->items();
  REQUIRE(records.size() == 3);
  CHECK(records[2].items()[2].string() == "2");
  CHECK(records[2].items()[4].string() == "question 2");  // blanks are one
  const auto texts = u.at("texts-0").items();
  REQUIRE(texts.size() == 3);
  CHECK(texts[2].find("q")->items()[0].items()[1].string() == "question  2");
  CHECK(texts[2].find("b")->string() == "0");
  const auto runs = index.find("runs")->items();
  CHECK(runs[0].find("verdict")->string() == "AAA");
  CHECK(runs[1].find("verdict")->string() == ".BB");
  CHECK(runs[1].find("confidence")->items()[1].number() == 0.75);
  const auto at = runs[1].find("at")->items();
  CHECK(at[0].integer() == -1);
  const auto traces = u.at("run-1-0").items();
  CHECK(traces[static_cast<std::size_t>(*at[2].integer())].find("s")->items()[0].find("t")->string() == "other 2");
  CHECK(traces[static_cast<std::size_t>(*at[1].integer())].find("s")->items()[0].find("t")->string() == "other 1");
}

TEST_CASE("long texts are cut into pieces between records") {
  Browse b(100);
  const auto run = b.add_run("one");
  for (int i = 0; i < 5; ++i) add(b, run, record(i, "A", "q" + std::string(100'000, 'x'), std::string(70'000, 't')));
  Unpacked u(b);
  const auto index = u.at("index");
  const auto starts = index.find("texts")->items();
  REQUIRE(starts.size() == 3);  // two records make more than 128 KiB
  CHECK(starts[1].integer() == 2);
  CHECK(u.at("texts-2").size() == 1);
  CHECK_FALSE(u.has("texts-3"));
  CHECK(u.at("run-0-1").size() == 2);
}

TEST_CASE("records beyond the limit are counted, failures and strange shapes are kept with what is known") {
  Browse b(2);
  const auto run = b.add_run("one");
  add(b, run,
      "{\"prompt\":\"q\"," + bench::tag("pairs", "s", "0") +
          ",\"error\":{\"code\":\"too_long\",\"message\":\"8 of 7\"}}");
  add(b, run,
      "{\"x\":1," + bench::tag("pairs", "s", "1") + ",\"judgment\":{\"verdict\":null,\"samples\":[{\"text\":3}]}}");
  add(b, run, record(2, "A"));
  CHECK(b.kept() == 2);
  CHECK(b.left_out() == 1);
  Unpacked u(b);
  CHECK(u.at("index").find("leftOut")->integer() == 1);
  const auto traces = u.at("run-0-0").items();
  CHECK(traces[0].find("e")->items()[1].string() == "8 of 7");
  CHECK(traces[1].find("e2"));
  const auto texts = u.at("texts-0").items();
  CHECK(texts[0].find("e"));  // no answers: what is missing is said
  CHECK(texts[1].find("e"));
}

}  // namespace
}  // namespace rm::report
