#include "tools/rm-judge/judging.h"

#include <algorithm>

#include "lib/judge/job.h"
#include "lib/judge/stored.h"
#include "lib/records/candidates.h"

namespace rm::rmjudge {
namespace {

using Kind = JudgingOptions::Kind;

// A judgment from fewer samples than were asked for is told, and --retry can complete it.
std::string missing_note(const records::Judgment& j) {
  const auto missing = std::ranges::count_if(j.samples, [](const auto& s) { return s.reason == "error"; });
  if (missing == 0) return {};
  return std::to_string(missing) + " of " + std::to_string(j.samples.size()) +
         " samples failed; judged by the others (--retry unparsed asks for them again)";
}

}  // namespace

Result<cli::Begun> Judging::begin(const records::Line& line, const json::Value& record) {
  if (o_.kind == Kind::kReparse) {
    RM_ASSIGN(cli::Finished done, reparse(line, record));
    return cli::Begun{nullptr, std::move(done)};
  }
  if (o_.kind == Kind::kRetry && record.find("judgment")) return begin_again(line, record);
  RM_ASSIGN(std::shared_ptr<judge::Job> job, judge::make_job(record, o_.map, prompts_, o_.settings));
  if (o_.emits && !job->plans_all()) {
    return make_error(Exit::kInput, "needs_rounds",
                      "--budget chooses matches by what came before, which a batch cannot; raise it to every pair");
  }
  return cli::Begun{std::move(job), {}};
}

Result<cli::Begun> Judging::begin_again(const records::Line& line, const json::Value& record) {
  RM_ASSIGN(records::Judgment j, records::read_judgment(*record.find("judgment")));
  if (!judge::has_unparsed(j)) {
    RM_ASSIGN(judge::Reread again, judge::reparse(record, o_.map, std::move(j), o_.settings));  // for the counts
    return cli::Begun{nullptr, finished(line.text, std::move(again.judgment))};
  }
  RM_ASSIGN(std::shared_ptr<judge::Job> job, judge::retry_job(record, o_.map, std::move(j), prompts_, o_.settings));
  return cli::Begun{std::move(job), {}};
}

Result<cli::Finished> Judging::reparse(const records::Line& line, const json::Value& record) {
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
  std::string judged = judge::judged_record(line.text, again.judgment, again.warnings);
  return finished(std::move(judged), std::move(again.judgment));
}

Result<cli::Finished> Judging::finish(const records::Line& line, generate::Task& task) {
  const auto& job = static_cast<const judge::Job&>(task);
  const records::Judgment& j = job.judgment();
  cli::Finished done = finished(judge::judged_record(line.text, j, job.warnings()), j);
  done.note = missing_note(j);
  return done;
}

cli::Finished Judging::finished(std::string line, records::Judgment j) {
  for (records::Sample& s : j.samples) s.text = s.reasoning = {};  // only the counts are wanted now
  return {std::move(line), {}, [this, j = std::move(j)] { counts_.add(j); }};
}

void Judging::describe(const generate::Task& task, std::uint64_t request, json::Writer& w) const {
  const records::Sample& s = static_cast<const judge::Job&>(task).sample(request);
  if (s.pair) w.key("pair").begin_array().value((*s.pair)[0]).value((*s.pair)[1]).end_array();
  s.answer ? w.member("answer", *s.answer) : w.member("order", s.swapped ? "ba" : "ab");
}

}  // namespace rm::rmjudge
