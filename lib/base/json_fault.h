// Finds where and why a text is not the strict JSON of json.h. Runs only after the fast parser refused a text, to turn its
// yes/no into a byte offset and a sentence. Linear, iterative, allocates nothing but the message.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace rm::json {

struct Fault {
  std::string reason;   // bad_json, bad_utf8, too_deep
  std::string message;  // without the offset
  std::size_t byte = 0;
  bool cut = false;  // the text is a beginning of something valid
};

// The first fault of syntax, encoding or depth; empty when there is none. Number ranges and repeated keys are not its business.
std::optional<Fault> find_fault(std::string_view text);

}  // namespace rm::json
