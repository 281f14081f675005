// What is done with one record before anybody is asked: read, planned, or answered at once.
#include <algorithm>
#include <array>

#include "lib/judge/stored.h"
#include "lib/records/candidates.h"
#include "lib/records/splice.h"
#include "tools/rm-judge/loop.h"

namespace rm::rmjudge {
Result<void> Loop::begin(const std::shared_ptr<Item>& item) {
  RM_ASSIGN(const json::Value record, records::parse_line(doc_, item->line, in_.name()));
  if (o_.work == Work::kReparse) return reparse(*item, record);
  if (o_.work == Work::kRetry && record.find("judgment")) return begin_again(item, record);
  RM_ASSIGN(std::shared_ptr<judge::Job> job, judge::make_job(record, o_.map, prompts_, o_.settings));
  if (o_.work == Work::kShowPrompt) return show(*item, *job);
  if (o_.work == Work::kDryRun) return measure(*item, *job);
  if (o_.work == Work::kEmitBatch) return emit(*item, *job);
  start(item, std::move(job));
  return {};
}

Result<void> Loop::begin_again(const std::shared_ptr<Item>& item, const json::Value& record) {
  RM_ASSIGN(records::Judgment j, records::read_judgment(*record.find("judgment")));
  if (!judge::has_unparsed(j)) {
    item->out = item->line.text;
    item->done = item->judged = true;
    RM_ASSIGN(judge::Reread again, judge::reparse(record, o_.map, std::move(j), o_.settings));
    item->judgment = std::move(again.judgment);  // for the counts
    return {};
  }
  RM_ASSIGN(std::shared_ptr<judge::Job> job, judge::retry_job(record, o_.map, std::move(j), prompts_, o_.settings));
  start(item, std::move(job));
  return {};
}

Result<void> Loop::reparse(Item& item, const json::Value& record) {
  const auto stored = record.find("judgment");
  if (!stored) {  // what is wrong with the record itself is the better message
    if (records::is_ranking(record, o_.map)) {
      RM_TRY(records::read_candidates(record, o_.map));
    } else {
      RM_TRY(records::read_pair(record, o_.map));
    }
    return make_error(Exit::kInput, "missing_field",
                      "\"judgment\" is missing; --reparse reads records that were judged before");
  }
  RM_ASSIGN(records::Judgment j, records::read_judgment(*stored));
  RM_ASSIGN(judge::Reread again, judge::reparse(record, o_.map, std::move(j), o_.settings));
  item.done = item.judged = true;
  item.out = judge::judged_record(item.line.text, again.judgment, again.warnings);
  item.judgment = std::move(again.judgment);
  return {};
}

Result<void> Loop::show(Item& item, judge::Job& job) {
  std::string last;
  for (const generate::Request& r : job.next()) {
    RM_ASSIGN(const generate::Tokenized t, generator_->show(r));
    if (t.text == last) continue;  // samples share one prompt
    last = t.text;
    if (!item.out.empty()) item.out += '\n';
    const records::Sample& s = job.sample(r.id);
    json::Writer w(item.out);
    w.begin_object().member("line", item.line.number);
    if (s.pair) w.key("pair").begin_array().value((*s.pair)[0]).value((*s.pair)[1]).end_array();
    s.answer ? w.member("answer", *s.answer) : w.member("order", s.swapped ? "ba" : "ab");
    w.member("tokens", static_cast<std::uint64_t>(t.ids.size())).member("text", t.text).key("ids").begin_array();
    for (const std::int32_t id : t.ids) w.value(static_cast<std::int64_t>(id));
    w.end_array().end_object();
  }
  item.done = true;
  return {};
}

Result<void> Loop::measure(Item& item, judge::Job& job) {
  Sizes& s = outcome_.sizes;
  for (const generate::Request& r : job.next()) {
    RM_ASSIGN(const generate::Tokenized t, generator_->show(r));
    const auto n = static_cast<std::int64_t>(t.ids.size());
    ++s.prompts;
    s.tokens += n;
    s.longest = std::max(s.longest, n);
    if (generator_->context() > 0 && n >= generator_->context()) ++s.too_long;
  }
  item.done = item.skip = true;
  return {};
}

Result<void> Loop::emit(Item& item, judge::Job& job) {
  const std::vector<generate::Request> requests = job.next();
  if (!job.plans_all()) {
    return make_error(Exit::kInput, "needs_rounds",
                      "--budget chooses matches by what came before, which a batch cannot; raise it to every pair");
  }
  for (const generate::Request& r : requests) {
    RM_TRY(batch_->add(r));
    ++outcome_.sizes.prompts;
  }
  item.done = item.skip = true;
  return {};
}

}  // namespace rm::rmjudge
