#include "tools/rm-rl/summary.h"

#include "lib/base/atomic_file.h"
#include "lib/base/json.h"
#include "tools/train/result.h"

namespace rm::rmrl {

Result<void> write_summary(const RlOptions& o, const Pairs& p, const RlRun& run, const rl::Grpo& grpo,
                           const tune::TrainerInfo& i, double seconds) {
  if (o.common.summary.empty()) return {};
  std::string out;
  json::Writer w(out);
  w.begin_object().member("records", p.records).member("learned", static_cast<std::uint64_t>(p.learn.size()));
  w.member("validated", static_cast<std::uint64_t>(p.validate.size()));
  traincli::add_left_out(w, p.left_out);
  w.member("steps", grpo.place().step).member("total_steps", grpo.total_steps());
  if (run.last_step()) w.key("last_step").raw(record(*run.last_step()).json());
  if (run.first_validation()) w.key("first_validation").raw(record(*run.first_validation()).json());
  if (run.last_validation()) w.key("last_validation").raw(record(*run.last_validation()).json());
  if (run.best().step()) {
    w.key("best").begin_object().member("step", *run.best().step());
    w.member("verdict_accuracy", run.best().accuracy()).end_object();
  }
  w.member("tokens", run.tokens()).member("seconds", seconds);
  traincli::add_trainer(w, o, i);
  w.end_object();
  return write_file_atomically(o.common.summary, out + "\n");
}

}  // namespace rm::rmrl
