#include "tools/cli/failures.h"

#include "lib/records/failure.h"
#include "tools/cli/report.h"

namespace rm::cli {

Result<void> Failures::pass_on(const records::Line& line, const std::string& file, Error e,
                               std::span<const std::string_view> drop) {
  if (e.where.empty()) e.where = file + ":" + std::to_string(line.number);
  if (c_.on_error == "stop") return e;
  progress_.erase();
  if (!c_.quiet) report(program_, e);
  const bool skip = c_.on_error == "skip";
  ++(skip ? skipped_ : failed_);
  if (skip || c_.dry_run) return {};
  return out_(records::failure(line, e, drop));
}

}  // namespace rm::cli
