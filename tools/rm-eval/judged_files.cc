#include "tools/rm-eval/judged_files.h"

#include "lib/base/progress.h"
#include "lib/base/signals.h"
#include "lib/records/judged_stream.h"
#include "tools/cli/report.h"
#include "tools/rm-eval/verbs.h"

namespace rm::rmeval {
namespace {

constexpr std::uint64_t kNamed = 5;  // unreadable lines that get a message of their own
constexpr std::size_t kAhead = 12;   // records between a look-up and the memory it needs

}  // namespace

Result<void> Unreadable::pass(Error e, const bench::Where& where, bool torn, bench::Tally& tally, Progress& progress) {
  if (e.where.empty()) e.where = where.text();
  if (stop_ || (!torn && e.reason != "lost_line")) return e;
  tally.unreadable();
  progress.erase();
  if (++count_ <= kNamed && !quiet_) cli::report(kProgram, e);
  return {};
}

Result<void> expect_items(const std::string& path, bench::Tally& tally) {
  RM_ASSIGN(auto in, records::JudgedStream::open(path));
  for (;;) {
    RM_ASSIGN(const auto lines, in.next());
    if (lines.empty()) return {};
    for (const records::ScannedLine& l : lines) {
      Result<void> read = l.bad ? Result<void>(*l.error) : Result<void>();
      if (read && !l.judged.failed) read = tally.expect(l.judged, {in.name(), l.number});
      if (read) continue;
      Error e = read.error();
      if (e.where.empty()) e.where = in.name() + ":" + std::to_string(l.number);
      return e;
    }
  }
}

Result<void> read_judged(const std::vector<std::string>& files, const ReadOptions& o, bench::Tally& tally) {
  if (!o.expect.empty()) RM_TRY(expect_items(o.expect, tally));
  Progress progress({.quiet = o.quiet});
  Unreadable unreadable(o.stop, o.quiet);
  std::uint64_t done = 0;
  for (const std::string& file : files) {
    RM_ASSIGN(auto in, records::JudgedStream::open(file));
    for (;;) {
      RM_ASSIGN(const auto lines, in.next());
      if (lines.empty()) break;
      if (signals::stop_requested()) return signals::stop_error();
      for (std::size_t i = 0; i < lines.size(); ++i) {
        if (i + kAhead < lines.size()) tally.prefetch(lines[i + kAhead].judged);
        const records::ScannedLine& l = lines[i];
        Result<void> read = l.bad ? Result<void>(*l.error) : tally.add(l.judged, {in.name(), l.number});
        if (read) continue;
        RM_TRY(unreadable.pass(read.error(), {in.name(), l.number}, l.bad, tally, progress));
      }
      progress.update(done += lines.size(), unreadable.count(), 0, in.fraction());
    }
  }
  progress.finish();
  return {};
}

void add_scoring(cli::Parser& p, Scoring& s, bool json) {
  p.group("Scoring");
  if (json) p.flag("--json", s.json, "One JSON object with all figures as fractions, unrounded");
  p.flag("--partial", s.partial, "Score what is there although items are missing; every line then says so")
      .text("--expect", "FILE", s.expect,
            "The items are those of FILE, from rm-eval prepare (default: the published counts)")
      .choice("--unparsed", {"wrong", "chance", "drop"}, s.unparsed,
              "How records without a verdict count (default wrong)")
      .flag("--upstream-bug", s.upstream_bug, "RM-Bench as upstream's script has it: file 3 read in place of file 2");
}

bench::Settings settings_of(const Scoring& s, const cli::Common& c) {
  bench::Settings out;
  out.unparsed = s.unparsed == "chance" ? bench::Unparsed::kChance
                 : s.unparsed == "drop" ? bench::Unparsed::kDrop
                                        : bench::Unparsed::kWrong;
  out.partial = s.partial;
  out.upstream_bug = s.upstream_bug;
  out.seed = c.seed;
  return out;
}

bool has_failures(const bench::Tally& t) { return t.counts().of(bench::Outcome::kFailed) + t.counts().unreadable > 0; }

Result<void> check_side_by_side(const cli::Common& c, const std::vector<std::string>& files, const char* few) {
  if (files.size() < 2) return usage(few);
  if (c.in_given) return usage("give the files by name", "-i");
  if (!c.map.empty()) return usage("judged records have the fields of rm-jsonl(5)", "--map");
  return {};
}

}  // namespace rm::rmeval
