#include <algorithm>
#include <filesystem>

#include "lib/base/escape.h"
#include "lib/bench/element.h"
#include "lib/bench/prepare.h"

namespace rm::bench {
namespace {

using json::Type;
using json::Value;

// The conversation up to the answer: its text where there is one turn.
Result<std::string> prompt_json(const Value& element) {
  RM_ASSIGN(const Value turns, member(element, "conversation_input", Type::kArray));
  const std::vector<Value> all = turns.items();
  if (all.empty()) return element_error("empty", "\"conversation_input\" has no turns");
  std::string out;
  json::Writer w(out);
  const bool single = all.size() == 1;
  if (!single) w.begin_array();
  for (const Value& turn : all) {
    RM_ASSIGN(const Value role, member(turn, "role", Type::kString));
    RM_ASSIGN(const Value content, member(turn, "content", Type::kString));
    if (single && *role.string() == "user") {
      w.value(*content.string());
    } else {
      w.begin_object().member("role", *role.string()).member("content", *content.string()).end_object();
    }
  }
  if (!single) w.end_array();
  return single && *all[0].find("role")->string() != "user" ? "[" + out + "]" : out;
}

Result<std::string_view> answer(const Value& holder) {
  RM_ASSIGN(const Value text, member(holder, "answer", Type::kString));
  return *text.string();
}

Result<void> put(std::string_view prompt, std::string_view chosen, std::string_view rejected, const Tag& t,
                 const Emit& emit) {
  std::string out;
  json::Writer w(out);
  w.begin_object().key("prompt").raw(prompt).member("chosen", chosen).member("rejected", rejected);
  w.key("bench").raw(tag_json(t)).end_object();
  return emit(out);
}

}  // namespace

Result<void> prepare_rmb(const Value& element, const Emit& emit) {
  const bool group = element.find("loser_list").has_value();
  Tag t{find_rules("rmb"), "", ""};
  RM_ASSIGN(const Value path, member(element, "category_path", Type::kString));
  t.subset = *path.string();
  const Part* part = find_part(t.subset);
  if (part == nullptr || part->groups != group) {
    return element_error(
        "bad_subset",
        "\"category_path\" is none of RMB's for this kind of element: Pairwise_set/... or BoN_set/..., then "
        "Helpfulness/... or Harmlessness/...");
  }
  RM_ASSIGN(t.item, identity(element, group ? "bon_uid" : "pair_uid"));
  RM_ASSIGN(const std::string prompt, prompt_json(element));
  RM_ASSIGN(const Value best, member(element, group ? "bon_best" : "chosen", Type::kObject));
  RM_ASSIGN(const std::string_view chosen, answer(best));
  if (!group) {
    RM_ASSIGN(const Value other, member(element, "reject", Type::kObject));
    RM_ASSIGN(const std::string_view rejected, answer(other));
    return put(prompt, chosen, rejected, t, emit);
  }
  RM_ASSIGN(const Value losers, member(element, "loser_list", Type::kArray));
  t.n = static_cast<std::int64_t>(losers.size());
  if (t.n == 0) return element_error("empty", "\"loser_list\" has no answers");
  for (const Value& loser : losers.items()) {
    RM_ASSIGN(const std::string_view rejected, answer(loser));
    RM_TRY(put(prompt, chosen, rejected, t, emit));
    ++t.cell;
  }
  return {};
}

Result<std::vector<std::string>> rmb_files(const std::string& path) {
  namespace fs = std::filesystem;
  std::error_code error;
  if (!fs::is_directory(path, error)) return std::vector<std::string>{path};
  std::vector<std::string> out;
  for (fs::recursive_directory_iterator at(path, error), end; !error && at != end; at.increment(error)) {
    if (at->path().extension() == ".json" && at->is_regular_file(error)) out.push_back(at->path().string());
  }
  if (error || out.empty()) {
    return make_error(Exit::kInput, "no_file", "no .json files of RMB below this folder", escape_text(path));
  }
  std::ranges::sort(out);
  return out;
}

}  // namespace rm::bench
