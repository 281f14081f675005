#include "lib/text/utf8.h"

#include <doctest/doctest.h>

using namespace rm::text;

TEST_CASE("code points are counted and replaced as Python does with errors=replace") {
  struct Row {
    std::string_view text;
    std::size_t count;
    std::string_view repaired;
    bool valid;
  };
  using namespace std::string_view_literals;
  for (const Row& r : {
           Row{"", 0, "", true},
           Row{"abc", 3, "abc", true},
           Row{"é中😀", 3, "é中😀", true},
           Row{"a\0b"sv, 3, "a\0b"sv, true},
           Row{"\x80", 1, "\uFFFD", false},
           Row{"\xE4\xB8", 1, "\uFFFD", false},    // one maximal part
           Row{"\xE4\xB8x", 2, "\uFFFDx", false},  // which ends before the letter
           Row{"\xF0\x9F\x98", 1, "\uFFFD", false},
           Row{"\xED\xA0\x80", 3, "\uFFFD\uFFFD\uFFFD", false},            // a surrogate is no character
           Row{"\xC0\xAF", 2, "\uFFFD\uFFFD", false},                      // nor is an overlong slash
           Row{"\xF4\x90\x80\x80", 4, "\uFFFD\uFFFD\uFFFD\uFFFD", false},  // nor what lies past U+10FFFF
           Row{"\xFFok", 3, "\uFFFDok", false},
       }) {
    CAPTURE(std::string(r.text));
    CHECK(count_code_points(r.text) == r.count);
    CHECK(sanitise(r.text) == r.repaired);
    CHECK(valid_utf8(r.text) == r.valid);
    CHECK(valid_utf8(sanitise(r.text)));
  }
}

TEST_CASE("slices from both ends count code points, not bytes") {
  struct Row {
    std::string_view text;
    std::size_t n;
    std::string_view first, last;
  };
  for (const Row& r : {
           Row{"abcdef", 2, "ab", "ef"},
           Row{"abc", 0, "", ""},
           Row{"abc", 9, "abc", "abc"},
           Row{"中文字符结束", 2, "中文", "结束"},
           Row{"a😀b😀", 3, "a😀b", "😀b😀"},
           Row{"xxxxxxxxxxxxxxxxxxxxxxxx中", 1, "x", "中"},
           Row{"\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80z", 2, "\x80\x80", "\x80z"},
       }) {
    CAPTURE(std::string(r.text));
    CAPTURE(r.n);
    CHECK(first_code_points(r.text, r.n) == r.first);
    CHECK(last_code_points(r.text, r.n) == r.last);
  }
}

TEST_CASE("the last code points agree with the first ones on broken text of every shape") {
  const std::string parts[] = {"a", "\xC3", "\xA9", "é", "\xE4\xB8", "中", "\xF0\x9F", "😀", "\xFF", "\x80\x80\x80"};
  unsigned state = 1;
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (int i = 0; i < 12; ++i) text += parts[(state = state * 1664525 + 1013904223) >> 16 & 7];
    const std::size_t all = count_code_points(text);
    for (std::size_t n = 0; n <= all; ++n) {
      REQUIRE(std::string(first_code_points(text, all - n)) + std::string(last_code_points(text, n)) == text);
    }
  }
}

TEST_CASE("an unfinished tail is only what more bytes could complete") {
  struct Row {
    std::string_view text;
    std::size_t tail;
  };
  for (const Row& r :
       {Row{"", 0}, Row{"a", 0}, Row{"é", 0}, Row{"a\xC3", 1}, Row{"\xE4\xB8", 2}, Row{"x\xF0\x9F\x98", 3},
        Row{"\x80", 0}, Row{"\xED\xA0", 0}, Row{"\xFF", 0}, Row{"\xC0", 0}, Row{"\xE0\x80", 0}}) {
    CAPTURE(std::string(r.text));
    CHECK(unfinished_tail(r.text) == r.tail);
  }
}

TEST_CASE("white space is stripped as Python's str.strip does") {
  CHECK(strip_white(" \t\r\n\x1C\x1F x y \u0085\u00A0\u2028\u3000") == "x y");
  CHECK(strip_white("\u200Bx\uFEFF") == "\u200Bx\uFEFF");  // zero-width characters are no white space
  CHECK(strip_white(" \n\u2003") == "");
  CHECK(strip_white("x\x85") == "x\x85");  // a broken byte is none either
}
