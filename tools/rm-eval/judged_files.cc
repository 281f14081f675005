#include "tools/rm-eval/judged_files.h"

#include "lib/base/progress.h"
#include "lib/records/judged_stream.h"
#include "tools/cli/report.h"
#include "tools/rm-eval/verbs.h"

namespace rm::rmeval {
namespace {

constexpr std::uint64_t kNamed = 5;  // unreadable lines that get a message of their own

Result<void> expect_file(const std::string& path, bench::Tally& tally) {
  RM_ASSIGN(auto in, records::JudgedStream::open(path));
  for (;;) {
    RM_ASSIGN(const auto lines, in.next());
    if (lines.empty()) return {};
    for (const records::ScannedLine& l : lines) {
      Result<void> read = l.error ? Result<void>(*l.error) : Result<void>();
      if (read && !l.judged.failed) read = tally.expect(l.judged, {in.name(), l.line.number});
      if (read) continue;
      Error e = read.error();
      if (e.where.empty()) e.where = in.name() + ":" + std::to_string(l.line.number);
      return e;
    }
  }
}

}  // namespace

Result<void> read_judged(const std::vector<std::string>& files, const ReadOptions& o, bench::Tally& tally) {
  if (!o.expect.empty()) RM_TRY(expect_file(o.expect, tally));
  Progress progress({.quiet = o.quiet});
  std::uint64_t done = 0, unreadable = 0;
  for (const std::string& file : files) {
    RM_ASSIGN(auto in, records::JudgedStream::open(file));
    for (;;) {
      RM_ASSIGN(const auto lines, in.next());
      if (lines.empty()) break;
      for (const records::ScannedLine& l : lines) {
        Result<void> read = l.error ? Result<void>(*l.error) : tally.add(l.judged, {in.name(), l.line.number});
        if (read) continue;
        Error e = read.error();
        if (e.where.empty()) e.where = in.name() + ":" + std::to_string(l.line.number);
        if (o.stop || (!l.error && e.reason != "lost_line")) return e;
        tally.unreadable();
        progress.erase();
        if (++unreadable <= kNamed && !o.quiet) cli::report(kProgram, e);
      }
      progress.update(done += lines.size(), unreadable, 0, in.fraction());
    }
  }
  progress.finish();
  return {};
}

}  // namespace rm::rmeval
