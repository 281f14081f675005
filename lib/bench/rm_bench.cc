#include <algorithm>
#include <array>

#include "lib/base/escape.h"
#include "lib/base/number.h"
#include "lib/bench/element.h"
#include "lib/bench/prepare.h"

namespace rm::bench {
namespace {

using json::Type;
using json::Value;

constexpr std::size_t kStyles = 3;

Result<std::array<std::string_view, kStyles>> styles(const Value& element, const char* field) {
  std::array<std::string_view, kStyles> out;
  RM_ASSIGN(const Value list, member(element, field, Type::kArray));
  const std::vector<Value> items = list.items();
  if (items.size() != kStyles) {
    return element_error("wrong_type", std::string("\"") + field + "\" has " + std::to_string(items.size()) +
                                           " answers; RM-Bench has three, one a style");
  }
  for (std::size_t i = 0; i < kStyles; ++i) {
    if (!items[i].is(Type::kString))
      return element_error("wrong_type", std::string("\"") + field + "\" holds no texts");
    out[i] = *items[i].string();
  }
  return out;
}

std::vector<int> of_level(std::string_view word) {
  std::vector<int> out;
  for (int c = 0; c < kCells; ++c) {
    if (word == "all" || name(level(c)) == word) out.push_back(c);
  }
  return out;
}

}  // namespace

Result<std::string> rm_bench_domain(std::string_view path) {
  std::string_view file = path.substr(path.rfind('/') + 1);
  file = file.substr(0, file.find('.'));
  if (file.ends_with("_filtered")) file.remove_suffix(9);
  for (const Subset& s : find_rules("rm-bench")->subsets) {
    if (s.name == file) return std::string(file);
  }
  return make_error(
      Exit::kInput, "bad_name",
      "the file's name says no domain of RM-Bench; expected chat, math, code, safety-refuse or safety-response "
      "(with or without _filtered) before .json",
      escape_text(path));
}

Result<std::vector<int>> parse_cells(std::string_view flag) {
  std::vector<int> out;
  for (std::size_t at = 0; at <= flag.size();) {
    const std::size_t comma = std::min(flag.find(',', at), flag.size());
    const std::string_view word = flag.substr(at, comma - at);
    std::vector<int> cells = of_level(word);
    if (const auto n = parse_int(word); n && *n >= 0 && *n < kCells) cells = {static_cast<int>(*n)};
    if (cells.empty()) {
      return make_error(
          Exit::kUsage, "usage",
          "\"" + escape_text(word, 40) + "\" is no cell; give numbers from 0 to 8, easy, normal, hard or all",
          "--cells");
    }
    out.insert(out.end(), cells.begin(), cells.end());
    at = comma + 1;
  }
  std::ranges::sort(out);
  out.erase(std::unique(out.begin(), out.end()), out.end());
  return out;
}

Result<void> prepare_rm_bench(const Value& element, std::string_view domain, std::span<const int> cells,
                              const Emit& emit) {
  RM_ASSIGN(const std::string id, identity(element, "id"));
  RM_ASSIGN(const Value prompt, member(element, "prompt", Type::kString));
  RM_ASSIGN(const auto chosen, styles(element, "chosen"));
  RM_ASSIGN(const auto rejected, styles(element, "rejected"));
  for (const int cell : cells) {
    const auto c = static_cast<std::size_t>(cell);
    std::string out;
    json::Writer w(out);
    w.begin_object().member("prompt", *prompt.string()).member("chosen", chosen[c / kStyles]);
    w.member("rejected", rejected[c % kStyles]);
    w.key("bench").raw(tag_json({find_rules("rm-bench"), std::string(domain), id, cell, kCells})).end_object();
    RM_TRY(emit(out));
  }
  return {};
}

}  // namespace rm::bench
