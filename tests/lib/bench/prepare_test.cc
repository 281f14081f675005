#include "lib/bench/prepare.h"

#include <doctest/doctest.h>

#include "tests/lib/base/temp_folder.h"

namespace rm::bench {
namespace {

// What comes out of an element, joined by newlines, or the reason why nothing does.
template <class F>
std::string prepared(std::string_view text, F f) {
  json::Document document;
  const auto v = document.parse(text);
  REQUIRE_MESSAGE(v.ok(), text);
  std::string out;
  const auto r = f(*v, [&](std::string_view line) {
    out += (out.empty() ? "" : "\n") + std::string(line);
    return Result<void>();
  });
  return r.ok() ? out : "!" + r.error().reason;
}

TEST_CASE("RM-Bench's domain is in the file's name") {
  struct Case {
    const char *path, *domain;
  };
  for (const Case& c :
       {Case{"chat.json", "chat"}, Case{"data/math_filtered.json", "math"},
        Case{"/x/safety-refuse.json.gz", "safety-refuse"}, Case{"safety-response_filtered.json", "safety-response"},
        Case{"total_dataset.json", ""}, Case{"-", ""}}) {
    CAPTURE(c.path);
    const auto d = rm_bench_domain(c.path);
    CHECK((d.ok() ? *d : "") == c.domain);
  }
}

TEST_CASE("cells are numbers and levels") {
  struct Case {
    const char* flag;
    std::vector<int> cells;
  };
  for (const Case& c : {Case{"all", {0, 1, 2, 3, 4, 5, 6, 7, 8}}, Case{"hard", {1, 2, 5}}, Case{"normal", {0, 4, 8}},
                        Case{"easy", {3, 6, 7}}, Case{"4", {4}}, Case{"8,hard,1", {1, 2, 5, 8}}, Case{"", {}},
                        Case{"9", {}}, Case{"1,", {}}, Case{"soft", {}}}) {
    CAPTURE(c.flag);
    const auto cells = parse_cells(c.flag);
    CHECK((cells.ok() ? *cells : std::vector<int>()) == c.cells);
  }
}

TEST_CASE("an RM-Bench element becomes one pair a cell") {
  const char* element = R"({"id":8,"prompt":"q","chosen":["c0","c1","c2"],"rejected":["r0","r1","r2"],"error":"x"})";
  const auto of = [](std::string_view text, std::vector<int> cells) {
    return prepared(text, [&](const json::Value& v, const Emit& e) { return prepare_rm_bench(v, "chat", cells, e); });
  };
  CHECK(
      of(element, {5}) ==
      R"({"prompt":"q","chosen":"c1","rejected":"r2","bench":{"name":"rm-bench","version":1,"subset":"chat","item":"8","cell":5,"n":9}})");
  CHECK(of(element, {0, 1, 2, 3, 4, 5, 6, 7, 8}).size() > 8 * 100);
  CHECK(of(R"({"id":8,"prompt":"q","chosen":["c0"],"rejected":["r0","r1","r2"]})", {0}) == "!wrong_type");
  CHECK(of(R"({"prompt":"q","chosen":["a","b","c"],"rejected":["a","b","c"]})", {0}) == "!missing_field");
  CHECK(of(R"({"id":8,"chosen":["a","b","c"],"rejected":["a","b","c"]})", {0}) == "!missing_field");
}

TEST_CASE("RewardBench lines keep their bytes and say where they belong") {
  const auto of = [](const char* rules, std::string_view text) {
    records::Line line;
    line.number = 12;
    line.text = text;
    return prepared(text,
                    [&](const json::Value& v, const Emit& e) { return prepare_line(*find_rules(rules), v, line, e); });
  };
  CHECK(
      of("reward-bench", R"({"prompt":"q", "chosen":"c","rejected":"r","subset":"hep-go","id":7})") ==
      R"({"prompt":"q", "chosen":"c","rejected":"r","subset":"hep-go","id":7,"bench":{"name":"reward-bench","version":1,"subset":"hep-go","item":"7","cell":0,"n":1}})");
  CHECK(of("reward-bench", R"({"prompt":"q","chosen":"c","rejected":"r","subset":"go","id":7})") == "!bad_subset");
  CHECK(of("reward-bench", R"({"prompt":"q","chosen":"c","rejected":"r","subset":"hep-go"})") == "!missing_field");
  CHECK(of("reward-bench", R"({"prompt":"q","chosen":["c"],"rejected":["r"],"subset":"hep-go","id":7})") ==
        "!wrong_type");
  CHECK(of("reward-bench-2", R"({"prompt":"q","chosen":["c"],"rejected":["r","s","t"],"subset":"Precise IF","id":"x"})")
            .ends_with(
                R"("bench":{"name":"reward-bench-2","version":1,"subset":"Precise IF","item":"x","cell":0,"n":1}})"));
  CHECK(of("reward-bench-2", R"({"prompt":"q","chosen":[],"rejected":["r"],"subset":"Math","id":"x"})") == "!empty");
  CHECK(of("pairs", R"({"question":"q","answer_a":"x","answer_b":"y","winner":"a"})")
            .ends_with(R"("bench":{"name":"pairs","version":1,"subset":"all","item":"12","cell":0,"n":1}})"));
  CHECK(
      of("pairs", R"({"id":"k","subset":"s","chosen":"x"})").ends_with(R"("subset":"s","item":"k","cell":0,"n":1}})"));
}

TEST_CASE("RMB elements become pairs: one a loser where they are groups") {
  const auto of = [](std::string_view text) {
    return prepared(text, [](const json::Value& v, const Emit& e) { return prepare_rmb(v, e); });
  };
  CHECK(
      of(R"({"pair_uid":"7","conversation_input":[{"role":"user","content":"q","language":"E"}],"chosen":{"answer":"c","llm_name":"m"},"reject":{"answer":"r"},"category_path":"Pairwise_set/Helpfulness/Chat/X"})") ==
      R"({"prompt":"q","chosen":"c","rejected":"r","bench":{"name":"rmb","version":1,"subset":"Pairwise_set/Helpfulness/Chat/X","item":"7","cell":0,"n":1}})");
  CHECK(
      of(R"({"bon_uid":"u","conversation_input":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}],"bon_best":{"answer":"best"},"loser_list":[{"answer":"l0"},{"answer":"l1"}],"category_path":"BoN_set/Harmlessness/S1"})") ==
      R"({"prompt":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}],"chosen":"best","rejected":"l0","bench":{"name":"rmb","version":1,"subset":"BoN_set/Harmlessness/S1","item":"u","cell":0,"n":2}})"
      "\n"
      R"({"prompt":[{"role":"user","content":"a"},{"role":"assistant","content":"b"},{"role":"user","content":"c"}],"chosen":"best","rejected":"l1","bench":{"name":"rmb","version":1,"subset":"BoN_set/Harmlessness/S1","item":"u","cell":1,"n":2}})");
  CHECK(
      of(R"({"bon_uid":"u","conversation_input":[{"role":"user","content":"a"}],"bon_best":{"answer":"x"},"loser_list":[],"category_path":"BoN_set/Harmlessness/S1"})") ==
      "!empty");
  CHECK(
      of(R"({"pair_uid":"7","conversation_input":[{"role":"user","content":"q"}],"chosen":{"answer":"c"},"reject":{"answer":"r"},"category_path":"BoN_set/Helpfulness/X"})") ==
      "!bad_subset");
  CHECK(
      of(R"({"pair_uid":"7","conversation_input":[],"chosen":{"answer":"c"},"reject":{"answer":"r"},"category_path":"Pairwise_set/Helpfulness/X"})") ==
      "!empty");
}

TEST_CASE("RMB's folder is read as it lies, in a fixed order") {
  const tests::TempFolder folder;
  std::filesystem::create_directories(folder.path("d/b c"));
  folder.write("d/b c/2.json", "[]");
  folder.write("d/1.json", "[]");
  folder.write("d/note.txt", "");
  const auto files = rmb_files(folder.path("d"));
  REQUIRE(files.ok());
  CHECK(*files == std::vector<std::string>{folder.path("d/1.json"), folder.path("d/b c/2.json")});
  std::filesystem::create_directories(folder.path("empty"));
  CHECK(!rmb_files(folder.path("empty")).ok());
}

}  // namespace
}  // namespace rm::bench
