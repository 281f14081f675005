// A labelled pair on its way to a chain: one request to a teacher, and what its reply amounts to.
//
// A task for generate/runner. The first pass asks with the student's prompt as it is; the second, for chains that were not kept, with
// the hint behind it (distill/hint.h). Whatever comes back, the record's `messages` are the student's prompt.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/distill/filter.h"
#include "lib/generate/task.h"
#include "lib/judge/prompt.h"
#include "lib/records/chain.h"
#include "lib/records/pair.h"

namespace rm::distill {

struct Settings {
  Filter filter = Filter::kDistill;
  judge::Form form = judge::Form::kCor;  // the student's; the first pass only
  double temperature = 0, top_p = 1;
  std::int64_t max_tokens = 0;
  std::uint64_t seed = 0;  // of the order of chosen and rejected, and of the sample
};

class ChainTask final : public generate::Task {
 public:
  // `begun`: everything but what the reply decides.
  ChainTask(records::ChainRecord begun, generate::Request request, Filter filter);

  std::vector<generate::Request> next() override;
  void take(generate::Reply reply) override;
  bool done() const override { return done_; }
  void name_model(const std::string& name) override { record_.chain.teacher = name; }
  const records::ChainRecord& record() const { return record_; }
  // The record where no reply came: status failed, with the error's reason.
  records::ChainRecord failed_record(const std::string& teacher) const;

 private:
  void decide(generate::Reply& reply);

  records::ChainRecord record_;
  std::optional<generate::Request> request_;
  Filter filter_;
  bool done_ = false;
};

// Errors, all Exit::kInput: those of records::read_pair and PromptSet::can_show, "no_label" where the record names no winner and
// "tie" where nobody won.
Result<std::unique_ptr<ChainTask>> first_pass(const json::Value& record, const records::FieldMap& map,
                                              const judge::PromptSet& prompts, const Settings& s);

// Whether there is a judgement to correct: the chain is not kept, and what the first teacher wrote is there.
bool wants_second(const records::ChainRecord& r);
std::unique_ptr<ChainTask> second_pass(records::ChainRecord stored, const Settings& s);

}  // namespace rm::distill
