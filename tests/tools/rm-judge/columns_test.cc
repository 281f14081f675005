#include "tools/rm-judge/columns.h"

#include <doctest/doctest.h>

using rm::rmjudge::side_by_side;
using rm::rmjudge::text_lines;

TEST_CASE("text is broken at blanks, inside words that are too long, and at its own ends of line") {
  using Lines = std::vector<std::string>;
  struct Row {
    const char* text;
    int width;
    Lines lines;
  };
  for (const Row& r : {
           Row{"", 10, {""}},
           Row{"one two three", 8, {"one two", "three"}},
           Row{"a\n\nb", 8, {"a", "", "b"}},
           Row{"abcdefghij", 4, {"abcd", "efgh", "ij"}},
           Row{"x abcdefgh", 4, {"x", "abcd", "efgh"}},
           Row{"\u65e5\u672c\u8a9e", 4, {"\u65e5\u672c", "\u8a9e"}},  // two columns a character
           Row{"a\x1b[2Jb", 20, {"a\\x1b[2Jb"}},
           Row{"  x", 20, {"  x"}},
       }) {
    CAPTURE(r.text);
    CHECK(text_lines(r.text, r.width) == r.lines);
  }
}

TEST_CASE("two answers stand beside each other where there is room") {
  const std::string out = side_by_side({"A", "short"}, {"B", "a longer answer\nof two lines"}, 80, 10);
  const std::string bar = "\u2502";
  const auto spaces = [](int n) { return std::string(static_cast<std::size_t>(n), ' '); };
  CHECK(out == "A" + spaces(37) + " " + bar + " B\n" + "short" + spaces(33) + " " + bar + " a longer answer\n" +
                   spaces(38) + " " + bar + " of two lines\n");
}

TEST_CASE("on a narrow terminal they stand one after the other") {
  CHECK(side_by_side({"A", "x"}, {"B", "y\nz"}, 40, 10) == "A\n  x\nB\n  y\n  z\n");
}

TEST_CASE("long answers are cut, and say so") {
  CHECK(side_by_side({"A", "1\n2\n3\n4\n5"}, {"B", "y"}, 40, 3) == "A\n  1\n  2\n  ... 3 more lines\nB\n  y\n");
}
