// One record on its way to a judgment: which requests can be made now, and what became of them.
//
// A task for generate/runner. Some jobs know all their requests at once (a pair), some choose the next by what came back (a
// ranking within a budget). One thread at a time.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/generate/task.h"
#include "lib/judge/judge.h"
#include "lib/records/judgment.h"
#include "lib/records/pair.h"

namespace rm::judge {

class Job : public generate::Task {
 public:
  // What is known of a request's sample from the start: its order, its match or its answer.
  virtual const records::Sample& sample(std::uint64_t request) const = 0;
  virtual bool plans_all() const { return true; }         // the first next() gives every request there will be
  virtual const records::Judgment& judgment() const = 0;  // once done()
  virtual std::vector<std::string> warnings() const = 0;  // words for the record's `warnings`; usually none
};

// What kind of judging a record asks for is found from its shape: a pair, more than two responses (a ranking within
// settings.budget calls), and with settings.rate every answer on its own. Errors: those of records::read_* and of plan().
Result<std::unique_ptr<Job>> make_job(const json::Value& record, const records::FieldMap& map, const PromptSet& prompts,
                                      const Settings& s);

// The job of a pair that was read before.
Result<std::unique_ptr<Job>> pair_job(records::Pair pair, const PromptSet& prompts, const Settings& s);

// The scalar of every answer, in [0, 1], in the order of the record: a pair's share of votes (P(better) with logprobs), a
// ranking's mean chance to win against the others, a rating's place on its scale. Empty where nothing was parsed.
std::vector<std::optional<double>> rewards(const records::Judgment& j, const Settings& s);

// A record as it comes out: the line with `judgment`, with `rewards` where they are given, and `warnings` where there are any;
// stale ones of the names written, of `warnings` and of `error` are replaced.
std::string judged_record(std::string_view line, const records::Judgment& j, std::span<const std::string> warnings,
                          std::optional<std::span<const std::optional<double>>> rewards = {});

}  // namespace rm::judge
