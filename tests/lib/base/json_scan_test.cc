#include "lib/base/json_scan.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "lib/base/json.h"

namespace rm::json {
namespace {

// Reads every member and element down to the scalars; the texts of the leaves, or "fault".
std::string walk(std::string_view text) {
  Scan s(text);
  std::string out;
  const auto value = [&](const auto& self) -> void {
    if (s.peek() == '{') {
      s.enter('{');
      for (std::string_view key; s.member(key);) {
        out += std::string(key) + "=";
        self(self);
      }
    } else if (s.peek() == '[') {
      s.enter('[');
      while (s.element()) self(self);
    } else if (s.peek() == '"') {
      out += std::string(s.string()) + ";";
    } else {
      const std::size_t before = s.at();
      s.skip();
      out += std::string(text.substr(before, s.at() - before)) + ";";
    }
  };
  value(value);
  return s.end() ? out : "fault";
}

TEST_CASE("a scan walks what is JSON and stops at what is not") {
  struct Case {
    const char *text, *leaves;
  };
  for (const Case& c : {
           Case{R"({"a":1,"b":[true,null,"x"],"c":{}})", "a=1;b=true;null;x;c="},
           Case{" { \"a\" : [ ] , \"b\" : 2 } ", "a=b=2;"},
           Case{R"({"a\"b":"c\\"})", "a\\\"b=c\\\\;"},
           Case{R"(["a long string that is over thirty-two bytes long, with \" inside and more behind it"])",
                "a long string that is over thirty-two bytes long, with \\\" inside and more behind it;"},
           Case{R"({"a":1,})", "fault"},
           Case{R"({,"a":1})", "fault"},
           Case{R"({"a" 1})", "fault"},
           Case{R"({"a":1 "b":2})", "fault"},
           Case{R"([1,])", "fault"},
           Case{R"([1 2])", "fault"},
           Case{R"({"a":"never closed})", "fault"},
           Case{R"({"a":1)", "fault"},
           Case{R"({"a":1}})", "fault"},
           Case{"", "fault"},
       }) {
    CAPTURE(c.text);
    CHECK(walk(c.text) == c.leaves);
  }
}

TEST_CASE("strings end at their own quote whatever their length and whatever stands before it") {
  for (std::size_t length = 0; length < 80; ++length) {
    for (const std::size_t escape : {std::size_t{0}, length / 2, length}) {
      std::string body(length, 'x');
      body.insert(escape, "\\\"");
      const std::string text = "[\"" + body + "\",7]";
      Scan s(text);
      s.enter('[');
      REQUIRE(s.element());
      CHECK(s.string() == body);
      REQUIRE(s.element());
      CHECK(s.integer() == 7);
      CHECK(!s.element());
      CHECK(s.end());
    }
  }
}

TEST_CASE("skipping steps over any value, and leaving over the rest of a container") {
  const std::string text = R"({"skip":{"a":["}",{"b":"]"}]},"half":{"x":1,"y":[1,2],"z":"}"},"last":3})";
  Scan s(text);
  std::string_view key;
  s.enter('{');
  REQUIRE(s.member(key));
  s.skip();
  REQUIRE(s.member(key));
  CHECK(key == "half");
  s.enter('{');
  REQUIRE(s.member(key));
  CHECK(s.integer() == 1);
  s.leave();
  REQUIRE(s.member(key));
  CHECK(key == "last");
  CHECK(s.number() == 3.0);
  CHECK(!s.member(key));
  CHECK(s.end());
}

TEST_CASE("numbers and words are read whole or not at all") {
  const auto integer = [](std::string_view t) { return Scan(t).integer(); };
  CHECK(integer("12") == 12);
  CHECK(integer("0") == 0);
  for (const char* t : {"-1", "01", "1.0", "1e3", "x", "", "1234567890123456789"}) {
    CAPTURE(t);
    CHECK(!integer(t));
  }
  CHECK(Scan("-2.5e1").number() == -25.0);
  CHECK(!Scan("+1").number());
  CHECK(Scan("true").boolean() == true);
  CHECK(!Scan("truth").boolean());
  Scan s("[null,1]");
  s.enter('[');
  REQUIRE(s.element());
  CHECK(s.null());
  REQUIRE(s.element());
  CHECK(!s.null());
  CHECK(s.integer() == 1);
}

TEST_CASE("escapes stand for what the strict parser says they do") {
  for (const char* raw : {"plain", "a\\nb", "\\u00e9", "\\ud83d\\ude00", "\\\\\\\""}) {
    Document d;
    const auto v = d.parse("\"" + std::string(raw) + "\"");
    REQUIRE(v.ok());
    CHECK(unescaped(raw) == *v->string());
  }
  CHECK(unescaped("\\ud800") == "\xEF\xBF\xBD");
}

TEST_CASE("nesting without end takes no stack") {
  const std::string deep(1'000'000, '[');
  Scan s(deep);
  s.skip();
  CHECK(!s.ok());
}

}  // namespace
}  // namespace rm::json
