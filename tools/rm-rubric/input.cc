#include "tools/rm-rubric/input.h"

#include "lib/base/fd.h"
#include "lib/base/progress.h"
#include "lib/base/signals.h"
#include "lib/records/lines.h"
#include "lib/records/resume.h"
#include "lib/records/writer.h"
#include "tools/cli/failures.h"
#include "tools/cli/report.h"
#include "tools/rm-rubric/verbs.h"

namespace rm::rmrubric {

Result<Passed> each_record(const cli::Common& c, const cli::Length& l, std::span<const std::string_view> own,
                           const One& one) {
  RM_ASSIGN(const records::Shard shard, records::parse_shard(l.shard, l.shard_by));
  RM_ASSIGN(records::Lines in, records::Lines::open(c.in, shard));
  records::WriterOptions kept;
  kept.input = c.in;
  Passed p;
  if (l.resume) {
    RM_ASSIGN(const records::Resumed done, records::resume(c.out, in, own, c.on_error == "skip"));
    kept.keep = done.keep;
    kept.lines = p.resumed = done.lines;
    p.failed = done.failed;
  }
  RM_ASSIGN(records::Writer out, records::Writer::open(c.dry_run ? "-" : c.out, kept));
  Progress progress({.quiet = c.quiet});
  progress.skip(p.resumed);
  cli::Failures failures(kProgram, c, out, progress);
  json::Document document;
  records::Line line;
  const auto run = [&]() -> Result<void> {
    for (;;) {
      RM_ASSIGN(const bool more, in.next(line));
      if (!more) return {};
      if (signals::stop_requested()) return signals::stop_error();
      progress.update(p.resumed + ++p.records, failures.failed(), 0, in.fraction());
      const auto value = records::parse_line(document, line, in.name());
      const Result<std::string> text = value ? one(line, *value) : Result<std::string>(value.error());
      if (!text && text.error().exit != Exit::kInput) return text.error();
      if (!text) {
        RM_TRY(failures.pass_on(line, in.name(), text.error(), own));
      } else if (!text->empty() && !c.dry_run) {
        RM_TRY(out.write(*text));
      }
    }
  };
  const Result<void> done = run();
  progress.finish();
  const Result<void> closed = out.close();
  if (!done) return done.error();
  if (!closed) return closed.error();
  p.failed += failures.failed();
  p.skipped = failures.skipped();
  p.exit = p.failed + p.skipped > 0 ? Exit::kSomeFailed : Exit::kDone;
  return p;
}

Result<void> check(const cli::Common& c, const cli::Length& l) {
  if (l.resume && c.out == "-") return cli::usage("needs a file to go on with: name it with -o", "--resume");
  if (l.resume && c.dry_run) return cli::usage("goes on with records only; --dry-run writes none", "--resume");
  if (c.dry_run && c.out != "-") return cli::usage("writes no records; -o has no use", "--dry-run");
  if (!c.summary.empty() && (c.summary == c.out || c.summary == c.in))
    return cli::usage("would overwrite the records: give the summary a file of its own", "--summary");
  const auto in = fd::kind(0, "");
  if (!c.in_given && in && in->terminal)
    return cli::usage("standard input is a terminal: give records with -i FILE or a pipe (--help shows how)");
  return {};
}

}  // namespace rm::rmrubric
