// Judged records for tests of scores: as short as the reader allows.
#pragma once

#include <doctest/doctest.h>

#include <string>

#include "lib/bench/tally.h"

namespace rm::bench {

inline std::string tag(const std::string& bench, const std::string& subset, const std::string& item, int cell = 0,
                       int n = 1) {
  return "\"bench\":{\"name\":\"" + bench + "\",\"version\":1,\"subset\":\"" + subset + "\",\"item\":\"" + item +
         "\",\"cell\":" + std::to_string(cell) + ",\"n\":" + std::to_string(n) + "}";
}

// `verdict` is A (right), B, tie or "" for none; the sample shows the answers in the order ab.
inline std::string judged(const std::string& tag, const std::string& verdict, const std::string& reason = "ok",
                          const std::string& chosen = "right", const std::string& rejected = "wrong") {
  const std::string quoted = verdict.empty() ? "null" : "\"" + verdict + "\"";
  const std::string letter = verdict == "A" || verdict == "B" ? quoted : "null";
  return "{\"chosen\":\"" + chosen + "\",\"rejected\":\"" + rejected + "\"," + tag +
         ",\"judgment\":{\"verdict\":" + quoted + ",\"correct\":" + (verdict == "A" ? "true" : "false") +
         ",\"samples\":[{\"order\":\"ab\",\"verdict\":" + letter + ",\"reason\":\"" + reason + "\"}]}}";
}

// The Error's text where a line is refused, else "".
inline std::string add(Tally& t, const std::string& line) {
  static std::uint64_t number = 0;
  records::JudgedReader reader;
  records::Judged j;
  const auto read = reader.read(line, j);
  REQUIRE_MESSAGE(read.ok(), line);
  static const std::string name = "f";
  const auto added = t.add(j, {name, ++number});
  return added ? "" : added.error().reason;
}

}  // namespace rm::bench
