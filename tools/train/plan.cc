#include "tools/train/plan.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "lib/base/free_memory.h"
#include "lib/base/number.h"

namespace rm::traincli {
namespace {

// "1: 0, 2: 0.01, 12: 0.0071, 24: 0.001"
std::string rates(const tune::Schedule& s) {
  std::string out;
  for (const std::int64_t step :
       std::set{std::int64_t{1}, std::min(s.warmup + 1, s.total), (s.total + 1) / 2, s.total}) {
    char digits[32];
    const auto end =
        std::to_chars(digits, std::end(digits), tune::rate(s, step - 1), std::chars_format::general, 4).ptr;
    out += (out.empty() ? "" : ", ") + std::to_string(step) + ": " + std::string(digits, end);
  }
  return out;
}

}  // namespace

Result<tune::MemoryPlan> settle_plan(const RunOptions& o, const Base& base, tune::PlanRequest request,
                                     const FoundRun* found, const std::string& about) {
  if (found && found->runs_as_before(o)) request.pass_tokens = found->notes.pass_tokens;  // to end as it would have
  tune::MemoryPlan plan = tune::plan_memory(base.file->config(), request);
  if (o.common.dry_run) return plan;
  tell(o, about + tune::table(plan));
  RM_TRY(tune::check_plan(base.file->config(), request));
  if (!plan.fits()) {
    tell(o, "that is more than is free: give a smaller --pass-tokens, or the system may end the run");
  }
  if (found && !found->runs_as_before(o)) {
    tell(o, "--pass-tokens: " + std::to_string(found->notes.pass_tokens) + " tokens ran at once and now " +
                std::to_string(o.pass_tokens) + " do: the last bits of the weights will differ");
  }
  if (o.deterministic && plan.pass_tokens < plan.usual_tokens) {
    tell(o, "memory holds " + format_grouped(static_cast<std::uint64_t>(plan.pass_tokens)) +
                " tokens at once, and with more of it free there would be more: for the same bits there too give "
                "--pass-tokens " +
                std::to_string(plan.pass_tokens));
  }
  return plan;
}

tune::PlanRequest plan_request(const RunOptions& o) {
  tune::PlanRequest r;
  r.bf16 = o.dtype != "f32";
  r.lora = o.settings.lora;
  r.free_bytes = o.device == "auto" || o.device == "cpu" ? free_memory() : 0;
  r.pass_tokens = o.pass_tokens;
  return r;
}

std::string schedule_text(const tune::Schedule& s) {
  return "steps      " + std::to_string(s.total) + ", " + std::to_string(s.warmup) + " of them warm-up\nrates      " +
         rates(s) + "\n";
}

}  // namespace rm::traincli
