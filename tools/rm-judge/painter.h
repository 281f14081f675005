// A reasoning trace on its way to a terminal: words wrapped at the width, tags dimmed, the verdict in bold.
//
// Takes text as it streams, hands out whole words. Control characters of the model never reach the terminal. With width 0
// and no colour the text passes unchanged. Keeps one unfinished word; one thread.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace rm::rmjudge {

class Painter {
 public:
  using Sink = std::function<void(std::string_view)>;
  Painter(bool color, int width, Sink sink) : color_(color), width_(width), sink_(std::move(sink)) {}

  void push(std::string_view text);
  void finish();  // the last word, and a newline where the text ended without one

 private:
  void word();
  void space(char c);
  std::string dressed() const;

  bool color_;
  int width_, column_ = 0, blanks_ = 0;
  std::string word_;
  Sink sink_;
};

// Columns that a text takes: two for CJK and emoji, none for combining marks.
int display_width(std::string_view utf8);

// Text broken at blanks into lines of at most `width` columns, each after the first indented.
std::string wrapped(std::string_view text, int width, int indent);

}  // namespace rm::rmjudge
