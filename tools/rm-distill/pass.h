// What teach and correct share: flags, the way from records to chains and their counts, and the run from opening to summary.
#pragma once

#include <string>

#include "lib/distill/chain_task.h"
#include "lib/distill/tally.h"
#include "lib/records/shard.h"
#include "tools/cli/work.h"
#include "tools/rm-distill/verbs.h"

namespace rm::rmdistill {

struct PassOptions {
  cli::Common common;
  cli::Length length;
  cli::Model model;
  std::string filter = "distill";
  std::int64_t max_cost_tokens = 0;  // 0: no limit

  records::Shard shard;
  distill::Settings settings;
};

void add_flags(cli::Parser& p, PassOptions& o);
Result<void> interpret(PassOptions& o);

// Asks a teacher about records. What begins with a record is the verb's; what its reply amounts to is the same for both.
class Pass : public cli::Work {
 public:
  Pass(const PassOptions& o, bool writes_messages) : o_(o), writes_messages_(writes_messages) {}

  Result<cli::Finished> finish(const records::Line& line, generate::Task& task) override;
  std::vector<records::Field> failure_fields(const generate::Task* task) override;
  void count_failure(const Error& e) override { tally_.failed(e.reason); }
  std::optional<Error> enough() const override;

  distill::Tally& tally() { return tally_; }
  void ask(const generate::Generator& g) { generator_ = &g; }  // for its name, where a request could not be made

 protected:
  cli::Begun asked(std::unique_ptr<distill::ChainTask> task);

 private:
  const PassOptions& o_;
  bool writes_messages_;
  distill::Tally tally_;
  const generate::Generator* generator_ = nullptr;
  std::int64_t spent_ = 0;                     // tokens of the replies so far, written or not
  std::uint64_t replies_ = 0, in_flight_ = 0;  // of this run
};

// `stale`: fields of an earlier run that do not go out with a failure. `prompt_id` may be empty.
Result<Exit> run_pass(const PassOptions& o, const char* verb, Pass& pass, const std::string& prompt_id,
                      std::span<const std::string_view> stale);

}  // namespace rm::rmdistill
