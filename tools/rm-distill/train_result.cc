#include "tools/rm-distill/train_result.h"

#include "lib/base/atomic_file.h"
#include "lib/base/json.h"
#include "tools/train/result.h"

namespace rm::rmdistill {

Result<void> write_summary(const TrainOptions& o, const Chains& c, const TrainRun& run, const tune::Fit& fit,
                           const tune::TrainerInfo& i, double seconds) {
  if (o.common.summary.empty()) return {};
  std::string out;
  json::Writer w(out);
  w.begin_object().member("records", c.records).member("learned", static_cast<std::uint64_t>(c.learn.size()));
  w.member("validated", static_cast<std::uint64_t>(c.validate.size()));
  traincli::add_left_out(w, c.left_out);
  w.member("steps", fit.place().step).member("total_steps", fit.total_steps());
  if (run.last_step()) w.member("loss", run.last_step()->loss);
  const auto validation = [&](const char* key, const std::optional<metrics::Validation>& v) {
    if (!v) return;
    w.key(key)
        .begin_object()
        .member("step", v->step)
        .member("loss", v->loss)
        .member("token_accuracy", v->token_accuracy);
    w.member("parsed", v->parsed).member("verdict_accuracy", v->verdict_accuracy).end_object();
  };
  validation("first_validation", run.first_validation());
  validation("last_validation", run.last_validation());
  w.member("tokens", run.tokens()).member("step_seconds", run.step_seconds()).member("seconds", seconds);
  traincli::add_trainer(w, o, i);
  w.end_object();
  return write_file_atomically(o.common.summary, out + "\n");
}

}  // namespace rm::rmdistill
