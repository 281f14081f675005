#include <doctest/doctest.h>

#include "tools/rm-judge/painter.h"

using rm::rmjudge::display_width;
using rm::rmjudge::Painter;
using rm::rmjudge::wrapped;

namespace {

std::string paint(const std::string& text, bool color, int width, std::size_t piece) {
  std::string out;
  Painter p(color, width, [&](std::string_view t) { out += t; });
  for (std::size_t i = 0; i < text.size(); i += piece) p.push(std::string_view(text).substr(i, piece));
  p.finish();
  return out;
}

}  // namespace

TEST_CASE("plain text passes unchanged, with one newline at the end") {
  CHECK(paint("a  b\n\n<eval>x\x1b[2J</eval>", false, 0, 3) == "a  b\n\n<eval>x\x1b[2J</eval>\n");
  CHECK(paint("a\n", false, 0, 1) == "a\n");
}

TEST_CASE("words wrap at the width, however the text was cut into pieces") {
  for (const std::size_t piece : {1u, 2u, 5u, 100u}) {
    CAPTURE(piece);
    CHECK(paint("one two three four\nfive", false, 9, piece) == "one two\nthree\nfour\nfive\n");
    CHECK(paint("  indented text", false, 80, piece) == "  indented text\n");
  }
  CHECK(paint("\xe4\xb8\x80\xe4\xba\x8c\xe4\xb8\x89", false, 4, 9) == "\xe4\xb8\x80\xe4\xba\x8c\n\xe4\xb8\x89\n");
}

TEST_CASE("tags are dimmed and the verdict is bold") {
  CHECK(paint("<answer>[[A]]</answer>", true, 80, 1) ==
        "\x1b[2m<answer>\x1b[0m\x1b[1m[[A]]\x1b[0m\x1b[2m</answer>\x1b[0m\n");
  CHECK(paint("a <b> [[C]]", true, 80, 2) == "a <b> [[C]]\n");
}

TEST_CASE("control characters of a model never reach the terminal") {
  const std::string out = paint("x\x1b[31mred\x07 \xe2\x80\xaeslep", true, 80, 1000);
  CHECK(out.find('\x1b') == std::string::npos);
  CHECK(out.find('\x07') == std::string::npos);
  CHECK(out.find("\xe2\x80\xae") == std::string::npos);
}

TEST_CASE("width counts columns, not bytes") {
  CHECK(display_width("abc") == 3);
  CHECK(display_width("\xc3\xa9") == 1);
  CHECK(display_width("\xe4\xb8\xad\xe6\x96\x87") == 4);
  CHECK(display_width("e\xcc\x81") == 1);
}

TEST_CASE("wrapped text is indented after its first line") {
  CHECK(wrapped("one two three", 11, 4) == "one two\n    three");
  CHECK(wrapped("", 11, 4) == "");
}
