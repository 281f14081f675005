// Judging as the work of cli::Loop: a record to a job, a job to the record with its judgment; also the records that were judged
// before and are only read again or asked again where they failed.
#pragma once

#include "lib/judge/judge.h"
#include "lib/records/pair.h"
#include "tools/cli/work.h"
#include "tools/rm-judge/counts.h"

namespace rm::rmjudge {

struct JudgingOptions {
  enum class Kind { kJudge, kRetry, kReparse };
  Kind kind = Kind::kJudge;
  bool emits = false;  // every request must be known at once
  records::FieldMap map;
  judge::Settings settings;
};

class Judging final : public cli::Work {
 public:
  Judging(const judge::PromptSet& prompts, JudgingOptions options) : prompts_(prompts), o_(std::move(options)) {}

  Result<cli::Begun> begin(const records::Line& line, const json::Value& record) override;
  Result<cli::Finished> finish(const records::Line& line, generate::Task& task) override;
  void describe(const generate::Task& task, std::uint64_t request, json::Writer& w) const override;
  std::uint64_t unparsed() const override { return counts_.unparsed; }

  // What the judgments came to; how many records there were the loop knows.
  const Counts& counts() const { return counts_; }

 private:
  Result<cli::Begun> begin_again(const records::Line& line, const json::Value& record);
  Result<cli::Finished> reparse(const records::Line& line, const json::Value& record);
  cli::Finished finished(std::string line, records::Judgment j);

  const judge::PromptSet& prompts_;
  JudgingOptions o_;
  Counts counts_;
};

}  // namespace rm::rmjudge
