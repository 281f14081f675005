#include "lib/metrics/columns.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/lib/base/temp_folder.h"

namespace rm::metrics {
namespace {

using tests::TempFolder;

Result<Columns> read(const std::string& text, const Bad& bad = {}) {
  const TempFolder t;
  return read_columns(t.write("m.jsonl", text), bad);
}

TEST_CASE("lines of any names become columns of steps and values") {
  const auto c = read(
      "{\"step\":1,\"loss\":3,\"lr\":1e-6}\n"
      "{\"step\":2,\"loss\":null,\"lr\":2e-6}\n"
      "{\"val_loss\":2.5,\"step\":2}\n"
      "\n"
      "{\"lr\":3e-6,\"step\":3,\"loss\":-1.5}\n");
  REQUIRE(c.ok());
  REQUIRE(c->columns.size() == 3);
  CHECK(c->lines == 4);
  CHECK(c->columns[0].name == "loss");
  CHECK(c->find("lr")->points == std::vector<Point>{{1, 1e-6}, {2, 2e-6}, {3, 3e-6}});
  CHECK(c->find("val_loss")->points == std::vector<Point>{{2, 2.5}});
  CHECK(c->find("step") == nullptr);
  const auto& loss = c->find("loss")->points;
  REQUIRE(loss.size() == 3);
  CHECK(loss[0] == Point{1, 3});
  CHECK(std::isnan(loss[1].value));
  CHECK(loss[2] == Point{3, -1.5});
}

TEST_CASE("where steps go back, what was told later holds") {
  const auto c = read(
      "{\"step\":1,\"a\":1}\n{\"step\":2,\"a\":2,\"b\":2}\n{\"step\":3,\"a\":3}\n{\"step\":2,\"a\":20}\n{\"step\":2,"
      "\"a\":21}\n");
  REQUIRE(c.ok());
  CHECK(c->find("a")->points == std::vector<Point>{{1, 1}, {2, 21}});
  CHECK(c->find("b")->points == std::vector<Point>{{2, 2}});
}

TEST_CASE("a torn last line is left out, one without a newline is not") {
  const auto torn = read("{\"step\":1,\"a\":1}\n{\"step\":2,\"a\":");
  REQUIRE(torn.ok());
  CHECK(torn->torn);
  CHECK(torn->find("a")->points == std::vector<Point>{{1, 1}});
  const auto whole = read("{\"step\":1,\"a\":1}\n{\"step\":2,\"a\":2}");
  REQUIRE(whole.ok());
  CHECK_FALSE(whole->torn);
  CHECK(whole->find("a")->points.size() == 2);
  CHECK(read("")->columns.empty());
  CHECK(read("{\"st")->lines == 0);
}

TEST_CASE("a line that is no record names its place and leaves nothing behind") {
  struct Row {
    std::string line;
    const char* reason;
  };
  std::string many = "{\"step\":1";
  for (std::size_t i = 0; i <= kMostNames; ++i) many += ",\"n" + std::to_string(i) + "\":1";
  for (const Row& r :
       {Row{"hello", "bad_json"}, Row{"[1]", "not_object"}, Row{"{}", "no_step"}, Row{"{\"loss\":1}", "no_step"},
        Row{"{\"step\":-1}", "no_step"}, Row{"{\"step\":1.5}", "no_step"}, Row{"{\"step\":\"1\"}", "no_step"},
        Row{"{\"step\":18446744073709551615}", "no_step"}, Row{"{\"step\":null}", "no_step"},
        Row{"{\"step\":1e400}", "bad_json"}, Row{"{\"a\":9,\"step\":9,\"b\":\"x\"}", "wrong_type"},
        Row{"{\"a\":9,\"step\":9,\"b\":{}}", "wrong_type"}, Row{"{\"a\":9,\"step\":9,\"b\":[1]}", "wrong_type"},
        Row{"{\"a\":9,\"step\":9,\"b\":true}", "wrong_type"}, Row{"{\"step\":2,\"step\":3}", "repeated_key"},
        Row{"{\"step\":2,\"\xFF\":3}", "bad_utf8"}, Row{"{\"step\":9,\"a\":", "bad_json"},  // torn, but not at the end
        Row{many + "}", "too_many_names"}}) {
    CAPTURE(r.line.substr(0, 100));
    const std::string text = "{\"step\":1,\"a\":1}\n" + r.line + "\n{\"step\":2,\"a\":2}\n";
    const auto refused = read(text);
    REQUIRE_FALSE(refused.ok());
    CHECK(refused.error().exit == Exit::kInput);
    CHECK(refused.error().reason == r.reason);
    CHECK(refused.error().where.find("m.jsonl:2") != std::string::npos);
    int bad = 0;
    const auto taken = read(text, [&bad](const Error&) -> Result<void> { return ++bad, Result<void>(); });
    REQUIRE(taken.ok());
    CHECK(bad == 1);
    CHECK(taken->find("a")->points == std::vector<Point>{{1, 1}, {2, 2}});
  }
  CHECK(read_columns("/nowhere/m.jsonl").error().reason == "no_file");
}

}  // namespace
}  // namespace rm::metrics
