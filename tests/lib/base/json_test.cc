#include "lib/base/json.h"

#include <doctest/doctest.h>

#include <chrono>
#include <clocale>
#include <fstream>

#include "lib/base/json_fault.h"
#include "lib/base/limits.h"
#include "tests/lib/base/temp_folder.h"

namespace {

using rm::json::Document;
using rm::json::Type;
using rm::json::Value;

std::string reason_of(std::string_view text) {
  Document d;
  const auto v = d.parse(text);
  return v ? "" : v.error().reason;
}

std::string repeat(std::string_view s, int n) {
  std::string out;
  while (n-- > 0) out += s;
  return out;
}

}  // namespace

TEST_CASE("a value gives what it holds and nothing of another type") {
  Document d;
  const auto v =
      d.parse(R"({"s":"x\u0000y","i":-3,"u":18446744073709551615,"d":1.5,"b":true,"n":null,"a":[1,"two"],"o":{}})");
  REQUIRE(v.ok());
  CHECK(v->size() == 8);
  CHECK(v->find("s")->string() == std::string_view("x\0y", 3));
  CHECK(v->find("i")->integer() == -3);
  CHECK(v->find("i")->number() == -3.0);
  CHECK_FALSE(v->find("i")->unsigned_integer());
  CHECK(v->find("u")->unsigned_integer() == 18446744073709551615u);
  CHECK_FALSE(v->find("u")->integer());
  CHECK(v->find("d")->number() == 1.5);
  CHECK_FALSE(v->find("d")->integer());
  CHECK(v->find("b")->boolean() == true);
  CHECK(v->find("n")->is(Type::kNull));
  CHECK(v->find("a")->items()[1].string() == "two");
  CHECK(v->find("o")->size() == 0);
  CHECK_FALSE(v->find("s")->number());
  CHECK_FALSE(v->find("missing"));
  CHECK_FALSE(v->find("a")->find("x"));
  std::string keys;
  v->each_member([&](std::string_view k, Value) { keys += k; });
  CHECK(keys == "siudbnao");
}

TEST_CASE("dump writes the same value, minified") {
  Document d;
  for (const char* text :
       {R"({"a":[1,2.5,"x\n\u0001é😀"],"b":{"c":null,"d":[true,false,[]]}})", "-7", "\"\"", "[{},[[]]]"}) {
    CAPTURE(text);
    const auto v = d.parse(text);
    REQUIRE(v.ok());
    CHECK(v->dump() == text);
  }
}

TEST_CASE("a refused text says why and at which byte") {
  struct Row {
    std::string text;
    const char* reason;
    const char* byte;
  };
  for (const Row& r :
       {Row{"", "bad_json", "0"}, Row{"{} {}", "bad_json", "3"}, Row{"{\"a\":1,}", "bad_json", "7"},
        Row{"{\"a\":\"x\ny\"}", "bad_json", "7"}, Row{"{\"a\":\"\\ud800\"}", "bad_json", "6"},
        Row{"{\"a\":\"\\udc00x\"}", "bad_json", "6"}, Row{"{\"a\":NaN}", "bad_json", "5"},
        Row{"{\"a\":01}", "bad_json", "5"}, Row{"{\"a\":\"\xC3(\"}", "bad_utf8", "6"},
        Row{"{\"a\":\"\xED\xA0\x80\"}", "bad_utf8", "6"}, Row{"\xEF\xBB\xBF{}", "bad_json", "0"},
        Row{std::string("{\0\"\0", 4), "bad_utf8", "byte 0"}, Row{repeat("[", 33) + repeat("]", 33), "too_deep", ""},
        Row{repeat("[", 1000000), "too_deep", "32"}, Row{"{\"winner\":\"a\",\"winner\":\"b\"}", "repeated_key", ""},
        Row{"[{\"a\":{\"b\":1,\"\\u0062\":2}}]", "repeated_key", ""}, Row{"1e400", "bad_json", ""},
        Row{"18446744073709551616", "bad_json", ""}}) {
    CAPTURE(r.text.substr(0, 60));
    Document d;
    const auto v = d.parse(r.text);
    REQUIRE_FALSE(v.ok());
    CHECK(v.error().reason == r.reason);
    CHECK(v.error().where == r.byte);
    CHECK(v.error().exit == rm::Exit::kInput);
    CHECK(v.error().message.find('\n') == std::string::npos);
  }
}

TEST_CASE("depth 32 is read, the same key in different objects is no repetition") {
  CHECK(reason_of(repeat("[", 32) + repeat("]", 32)).empty());
  CHECK(reason_of(R"({"a":{"x":1},"b":{"x":1},"x":[{"x":2},{"x":3}]})").empty());
}

TEST_CASE("what Python's json accepts under the same rules is accepted, and nothing else") {
  std::ifstream golden(std::string(RM_SOURCE_DIR) + "/tests/golden/base/json.txt");
  REQUIRE(golden);
  int wanted = 0, cases = 0;
  std::string hex;
  Document d;
  while (golden >> wanted) {
    golden >> hex;
    const std::string text = hex == "-" ? "" : rm::tests::from_hex(hex);
    CAPTURE(text);
    CHECK(d.parse(text).ok() == (wanted == 1));
    ++cases;
  }
  CHECK(cases > 3000);
}

TEST_CASE("the fault finder and the fast parser agree on syntax") {
  std::ifstream golden(std::string(RM_SOURCE_DIR) + "/tests/golden/base/json.txt");
  int wanted = 0;
  std::string hex;
  Document d;
  while (golden >> wanted) {
    golden >> hex;
    const std::string text = hex == "-" ? "" : rm::tests::from_hex(hex);
    CAPTURE(text);
    const auto v = d.parse(text);
    const bool number_or_key = !v && (v.error().reason == "repeated_key" ||
                                      v.error().message.find("number does not fit") != std::string::npos);
    if (!number_or_key) CHECK(rm::json::find_fault(text).has_value() == !v.ok());
  }
}

TEST_CASE("a cut text is told from a wrong one") {
  const std::string text = R"({"a":[1,-2.5e3,"x\u00e9\ud83d\ude00é😀",true,null],"b":{}})";
  for (std::size_t n = 0; n < text.size(); ++n) {
    CAPTURE(n);
    const auto fault = rm::json::find_fault(text.substr(0, n));
    REQUIRE(fault);
    CHECK(fault->cut);
  }
  for (const char* wrong : {"{}x", "{\"a\"}", "[1,]", "\"\\q", "tx"}) CHECK_FALSE(rm::json::find_fault(wrong)->cut);
}

TEST_CASE("a document is reusable after a failure and after a large text") {
  Document d;
  CHECK_FALSE(d.parse("{").ok());
  CHECK(d.parse("\"" + std::string(20u << 20, 'x') + "\"").ok());
  CHECK(d.parse("[1]")->size() == 1);
}

TEST_CASE("many keys, alike in length and beginning, cost no more than others") {
  std::string text = "{";
  for (int i = 0; i < 200000; ++i) {
    std::string key = std::to_string(i);
    key.insert(0, 40 - key.size(), 'k');
    text += (i > 0 ? ",\"" : "\"") + key + "\":0";
  }
  text += "}";
  Document d;
  const auto start = std::chrono::steady_clock::now();
  CHECK(d.parse(text)->size() == 200000);
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));  // quadratic would take minutes
}

TEST_CASE("written strings are valid UTF-8 whatever goes in, as Python's errors=replace has it") {
  std::ifstream golden(std::string(RM_SOURCE_DIR) + "/tests/golden/base/utf8.txt");
  REQUIRE(golden);
  std::string in, out;
  Document d;
  while (golden >> in >> out) {
    const std::string raw = in == "-" ? "" : rm::tests::from_hex(in),
                      wanted = out == "-" ? "" : rm::tests::from_hex(out);
    std::string text;
    rm::json::append_string(text, raw);
    CAPTURE(in);
    const auto v = d.parse(text);
    REQUIRE(v.ok());
    CHECK(v->string() == wanted);
  }
}

TEST_CASE("numbers are written shortest, in every locale") {
  for (const char* locale : {"C", "de_DE.UTF-8", "tr_TR.UTF-8"}) {
    if (std::setlocale(LC_ALL, locale) == nullptr) continue;
    CAPTURE(locale);
    struct Row {
      double value;
      const char* text;
    };
    for (const Row& r : {Row{0.1, "0.1"}, Row{1, "1"}, Row{-2.5, "-2.5"}, Row{1e300, "1e+300"}, Row{1.0 / 0.0, "null"},
                         Row{0.0 / 0.0, "null"}}) {
      std::string out;
      rm::json::append_number(out, r.value);
      CHECK(out == r.text);
    }
    Document d;
    CHECK(d.parse("[1.5]")->items()[0].number() == 1.5);
  }
  std::setlocale(LC_ALL, "C");
}

TEST_CASE("the writer minds commas") {
  std::string out;
  rm::json::Writer w(out);
  w.begin_object()
      .member("a", 1)
      .key("b")
      .begin_array()
      .value("x")
      .null()
      .value(true)
      .begin_object()
      .end_object()
      .end_array();
  w.member("c", std::optional<double>()).key("d").raw("[1]").end_object();
  CHECK(out == R"({"a":1,"b":["x",null,true,{}],"c":null,"d":[1]})");
}
