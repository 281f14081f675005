// A light walk over one JSON text that reads a few fields of a large line and steps over the rest.
//
// Zero-copy and without allocation: strings come back as they stand between their quotes, escapes and all. What is read is
// held to the grammar; what is skipped is only balanced, so this is no judge of whether a text is JSON (json.h is). After a
// fault ok() is false, every call returns at once, and at() is where it was met. Linear, no recursion; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rm::json {

class Scan {
 public:
  explicit Scan(std::string_view text) : text_(text) {}

  bool ok() const { return ok_; }
  std::size_t at() const { return at_; }
  // The first byte of the value that follows; 0 at the end of the text.
  char peek();

  // Steps into a container: '{' or '['. A value of another kind is a fault.
  void enter(char open);
  // In an object: the next member's raw key, and stands before its value; false behind the closing brace.
  bool member(std::string_view& key);
  // In an array: stands before the next value; false behind the closing bracket.
  bool element();

  std::string_view string();  // raw; a value of another kind is a fault
  std::optional<double> number();
  std::optional<bool> boolean();
  bool null();  // steps over a null; false and still before the value where it is none
  void skip();  // any value
  bool end();   // nothing but white space is left

 private:
  void fail() { ok_ = false; }
  void space();
  std::string_view scalar();
  std::size_t past_string(std::size_t at) const;  // behind the closing quote; npos without one

  std::string_view text_;
  std::size_t at_ = 0;
  bool after_value_ = false, ok_ = true;
};

// The characters that a raw string stands for. Escapes that no JSON text may hold come out as U+FFFD.
std::string unescaped(std::string_view raw);

}  // namespace rm::json
