// JSON lines of a golden file of this layer, made by goldens/tokens.py and goldens/templates.py.
#pragma once

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "lib/base/json.h"

namespace rm::text {

inline std::vector<std::string> golden_lines(const std::string& name) {
  std::ifstream in(std::string(RM_SOURCE_DIR) + "/tests/golden/text/" + name, std::ios::binary);
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

// FNV-1a, 64 bits, in hexadecimal: what the goldens keep instead of long answers.
inline std::string fnv1a(std::string_view bytes) {
  std::uint64_t h = 0xCBF29CE484222325;
  for (const char c : bytes) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001B3;
  char text[17];
  std::snprintf(text, sizeof text, "%016llx", static_cast<unsigned long long>(h));
  return text;
}

}  // namespace rm::text
