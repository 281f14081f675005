// JSON lines of a golden file of this layer, made by goldens/recipe.py.
#pragma once

#include <doctest/doctest.h>

#include <fstream>
#include <functional>
#include <string>

#include "lib/base/json.h"

namespace rm::tune {

inline void each_golden(const std::string& name, const std::function<void(const json::Value&)>& f) {
  std::ifstream in(std::string(RM_SOURCE_DIR) + "/tests/golden/tune/" + name, std::ios::binary);
  json::Document document;
  int seen = 0;
  for (std::string line; std::getline(in, line); ++seen) {
    const auto row = document.parse(line);
    REQUIRE(row.ok());
    f(*row);
  }
  REQUIRE(seen > 0);
}

inline std::int64_t whole(const json::Value& row, const char* key) { return row.find(key)->integer().value(); }
inline double real(const json::Value& row, const char* key) { return row.find(key)->number().value(); }

}  // namespace rm::tune
