#include <array>

#include "lib/bench/element.h"
#include "lib/bench/prepare.h"
#include "lib/records/splice.h"

namespace rm::bench {

using json::Type;
using json::Value;

namespace {

Result<void> check_texts(const Value& record, const char* field, Type type) {
  RM_ASSIGN(const Value v, member(record, field, type));
  if (type != Type::kArray) return {};
  if (v.size() == 0) return element_error("empty", std::string("\"") + field + "\" holds no answers");
  for (const Value& item : v.items()) {
    if (!item.is(Type::kString)) return element_error("wrong_type", std::string("\"") + field + "\" holds no texts");
  }
  return {};
}

// Files under other names have RewardBench's subsets too; what they hold must be what the rules count.
Result<Tag> published_tag(const Rules& rules, const Value& record) {
  Tag t{&rules, "", ""};
  RM_ASSIGN(const Value subset, member(record, "subset", Type::kString));
  t.subset = *subset.string();
  bool known = false;
  for (const Subset& s : rules.subsets) known |= s.name == t.subset;
  if (!known) return element_error("bad_subset", "\"subset\" is none of " + std::string(rules.name));
  RM_ASSIGN(t.item, identity(record, "id"));
  const bool lists = rules.kind == Kind::kRewardBench2;
  RM_TRY(check_texts(record, "prompt", Type::kString));
  RM_TRY(check_texts(record, "chosen", lists ? Type::kArray : Type::kString));
  RM_TRY(check_texts(record, "rejected", lists ? Type::kArray : Type::kString));
  return t;
}

Result<Tag> own_tag(const Rules& rules, const Value& record, const records::Line& line) {
  Tag t{&rules, "all", std::to_string(line.number)};
  const auto subset = record.find("subset"), id = record.find("id");
  if (subset && subset->is(Type::kString) && !subset->string()->empty()) t.subset = *subset->string();
  if (id && !id->is(Type::kNull)) {
    RM_ASSIGN(t.item, identity(record, "id"));
  }
  return t;
}

}  // namespace

Result<void> prepare_line(const Rules& rules, const Value& record, const records::Line& line, const Emit& emit) {
  RM_ASSIGN(const Tag t, rules.kind == Kind::kPairs ? own_tag(rules, record, line) : published_tag(rules, record));
  const std::array field{records::Field{"bench", tag_json(t)}};
  return emit(records::splice(line.text, field));
}

}  // namespace rm::bench
