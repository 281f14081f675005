#include "tools/rm-eval/failures.h"

#include <string>

#include "lib/records/failure.h"
#include "tools/cli/report.h"
#include "tools/rm-eval/verbs.h"

namespace rm::rmeval {

Result<void> Failures::pass_on(const records::Line& line, const std::string& file, Error e,
                               std::span<const std::string_view> drop) {
  if (e.where.empty()) e.where = file + ":" + std::to_string(line.number);
  if (c_.on_error == "stop") return e;
  progress_.erase();
  if (!c_.quiet) cli::report(kProgram, e);
  const bool skip = c_.on_error == "skip";
  ++(skip ? skipped_ : failed_);
  if (skip || c_.dry_run) return {};
  return out_.write(records::failure(line, e, drop));
}

}  // namespace rm::rmeval
