// What is done with one record before anybody is asked: read, planned, or answered at once.
#include <algorithm>
#include <array>

#include "lib/records/splice.h"
#include "tools/rm-judge/loop.h"
#include "tools/rm-judge/warnings.h"

namespace rm::rmjudge {
namespace {

std::string place(const std::string& name, const records::Line& line) {
  return name + ":" + std::to_string(line.number);
}

bool more_than_two_answers(const json::Value& record) {
  const auto responses = record.find("responses");
  return responses && responses->size() > 2 && !record.find("chosen") && !record.find("answer_a") &&
         !record.find("response_a");
}

}  // namespace

std::string judged_record(const std::string& line, const records::Judgment& j,
                          const std::vector<std::string>& warnings) {
  std::vector<records::Field> fields(1);
  fields[0].name = "judgment";
  json::Writer w(fields[0].json);
  records::write_judgment(w, j);
  if (!warnings.empty()) {
    fields.push_back({"warnings", {}});
    json::Writer list(fields.back().json);
    list.begin_array();
    for (const std::string& word : warnings) list.value(word);
    list.end_array();
  }
  constexpr std::array<std::string_view, 3> kStale = {"judgment", "warnings", "error"};
  return records::splice(line, fields, kStale);
}

Result<void> Loop::begin(Item& item) {
  RM_ASSIGN(const json::Value record, records::parse_line(doc_, item.line, in_.name()));
  auto pair = records::read_pair(record, o_.map);
  if (!pair) {
    if (o_.map.empty() && more_than_two_answers(record)) {
      return make_error(
          Exit::kInput, "unsupported_shape",
          "has more than two responses; this version compares two answers, ranking more is not part of it",
          place(in_.name(), item.line));
    }
    return pair.error();
  }
  item.pair = std::move(*pair);
  if (o_.work == Work::kReparse) return reparse(item, record);
  RM_ASSIGN(item.asks, judge::plan(item.pair, prompts_, o_.settings));
  if (o_.work == Work::kShowPrompt) return show(item);
  if (o_.work == Work::kDryRun) return measure(item);
  item.missing = item.asks.size();
  item.replies.resize(item.missing);
  return {};
}

Result<void> Loop::reparse(Item& item, const json::Value& record) {
  const auto stored = record.find("judgment");
  if (!stored)
    return make_error(Exit::kInput, "missing_field",
                      "\"judgment\" is missing; --reparse reads records that were judged before");
  RM_ASSIGN(records::Judgment j, records::read_judgment(*stored));
  item.judgment = judge::reparse(item.pair, std::move(j), o_.settings.verdict);
  item.judged = item.done = true;
  item.out = judged_record(item.line.text, item.judgment, warnings(item.pair));
  return {};
}

Result<void> Loop::show(Item& item) {
  for (const judge::Ask& a : item.asks) {
    RM_ASSIGN(const generate::Tokenized t, generator_->show(a.request));
    if (!item.out.empty()) item.out += '\n';
    json::Writer w(item.out);
    w.begin_object().member("line", item.line.number).member("order", a.swapped ? "ba" : "ab");
    w.member("tokens", static_cast<std::uint64_t>(t.ids.size())).member("text", t.text).key("ids").begin_array();
    for (const std::int32_t id : t.ids) w.value(static_cast<std::int64_t>(id));
    w.end_array().end_object();
    if (o_.settings.samples > 1 && !o_.settings.both_orders) break;  // samples share one prompt
  }
  item.done = true;
  return {};
}

Result<void> Loop::measure(Item& item) {
  Sizes& s = outcome_.sizes;
  for (const judge::Ask& a : item.asks) {
    RM_ASSIGN(const generate::Tokenized t, generator_->show(a.request));
    const auto n = static_cast<std::int64_t>(t.ids.size());
    ++s.prompts;
    s.tokens += n;
    s.longest = std::max(s.longest, n);
    if (generator_->context() > 0 && n >= generator_->context()) ++s.too_long;
  }
  item.done = item.skip = true;
  return {};
}

}  // namespace rm::rmjudge
