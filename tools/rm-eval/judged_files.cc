#include "tools/rm-eval/judged_files.h"

#include "lib/base/progress.h"
#include "lib/records/judged.h"
#include "lib/records/lines.h"
#include "tools/cli/report.h"
#include "tools/rm-eval/verbs.h"

namespace rm::rmeval {
namespace {

constexpr std::uint64_t kNamed = 5;      // unreadable lines that get a message of their own
constexpr std::uint64_t kGlance = 4096;  // records between looks at the clock

Result<void> expect_file(const std::string& path, bench::Tally& tally) {
  RM_ASSIGN(auto in, records::Lines::open(path));
  records::Line line;
  records::JudgedReader reader;
  records::Judged judged;
  for (;;) {
    RM_ASSIGN(const bool more, in.next(line));
    if (!more) return {};
    const std::string where = in.name() + ":" + std::to_string(line.number);
    if (auto read = reader.read(line.text, judged); !read)
      return make_error(Exit::kInput, read.error().reason, read.error().message, where);
    if (judged.failed) continue;
    RM_TRY(tally.expect(judged, {in.name(), line.number}));
  }
}

}  // namespace

Result<void> read_judged(const std::vector<std::string>& files, const ReadOptions& o, bench::Tally& tally) {
  if (!o.expect.empty()) RM_TRY(expect_file(o.expect, tally));
  Progress progress({.quiet = o.quiet});
  records::JudgedReader reader;
  records::Judged judged;
  std::uint64_t done = 0, unreadable = 0;
  for (const std::string& file : files) {
    RM_ASSIGN(auto in, records::Lines::open(file));
    records::Line line;
    for (;;) {
      RM_ASSIGN(const bool more, in.next(line));
      if (!more) break;
      if (++done % kGlance == 0) progress.update(done, unreadable, 0, in.fraction());
      Result<void> read = line.error ? Result<void>(*line.error) : reader.read(line.text, judged);
      if (read) read = tally.add(judged, {in.name(), line.number});
      if (read) continue;
      Error e = read.error();
      if (e.where.empty()) e.where = in.name() + ":" + std::to_string(line.number);
      const bool line_only =
          e.reason == "bad_json" || e.reason == "line_too_long" || (e.reason == "no_bench" && judged.failed);
      if (o.stop || !line_only) return e;
      tally.unreadable();
      progress.erase();
      if (++unreadable <= kNamed && !o.quiet) cli::report(kProgram, e);
    }
  }
  progress.finish();
  return {};
}

}  // namespace rm::rmeval
