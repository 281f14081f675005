// rm-eval vote: the same records judged by several judges in, the panel's judgment out.
#include "lib/bench/vote.h"

#include <array>
#include <memory>

#include "lib/base/atomic_file.h"
#include "lib/base/escape.h"
#include "lib/base/progress.h"
#include "lib/base/signals.h"
#include "lib/records/lines.h"
#include "lib/records/splice.h"
#include "lib/records/writer.h"
#include "tools/cli/failures.h"
#include "tools/rm-eval/judged_files.h"
#include "tools/rm-eval/verbs.h"

namespace rm::rmeval {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  rm-eval vote a.jsonl b.jsonl c.jsonl -o panel.jsonl\n"
    "  rm-eval vote a.jsonl b.jsonl c.jsonl | rm-eval score\n";

struct Options {
  cli::Common common;
  std::vector<std::string> files;
};

struct Judge {
  records::Lines lines;
  records::Line line;
  json::Document document;
};

Result<void> interpret(const Options& o) {
  return check_side_by_side(o.common, o.files, "needs two or more judged files of the same records");
}

// Reads the files side by side: one record of each is held.
class Panel {
 public:
  Panel(const Options& o, records::Writer& out)
      : o_(o), out_(out), progress_({.quiet = o.common.quiet}), failures_(kProgram, o.common, out, progress_) {}

  Result<void> open() {
    for (const std::string& file : o_.files) {
      RM_ASSIGN(auto lines, records::Lines::open(file));
      judges_.push_back(std::make_unique<Judge>(Judge{std::move(lines), {}, {}}));
    }
    return {};
  }
  Result<void> run() {
    for (;;) {
      RM_ASSIGN(const bool more, advance());
      if (!more) break;
      if (signals::stop_requested()) return signals::stop_error();
      progress_.update(++records_, failures_.failed(), 0, judges_[0]->lines.fraction());
      RM_TRY(one());
    }
    progress_.finish();
    return {};
  }
  std::uint64_t records() const { return records_; }
  const cli::Failures& failures() const { return failures_; }

 private:
  std::string where(const Judge& j) const { return j.lines.name() + ":" + std::to_string(j.line.number); }
  Result<bool> advance() {
    std::size_t got = 0;
    for (auto& j : judges_) {
      RM_ASSIGN(const bool more, j->lines.next(j->line));
      got += more;
      if (!more && got > 0) return uneven(*j);
    }
    if (got > 0 && got < judges_.size()) return uneven(*judges_.front());
    return got > 0;
  }
  Error uneven(const Judge& j) const {
    return make_error(Exit::kInput, "other_items",
                      "the file ends before the others do; all must hold the same records in the same order",
                      j.lines.name());
  }
  Result<void> one() {
    std::vector<json::Value> values;
    std::optional<Error> bad;
    std::uint64_t hash = 0;
    for (auto& j : judges_) {
      auto value = records::parse_line(j->document, j->line, j->lines.name());
      if (!value) {
        bad = value.error();
        break;
      }
      const std::uint64_t own = records::original_hash(j->line.text, records::own_fields());
      if (values.empty()) hash = own;
      if (own != hash) {
        return make_error(
            Exit::kInput, "other_items",
            "not the record of " + where(*judges_[0]) + ": all files must hold the same records in the same order",
            where(*j));
      }
      values.push_back(*value);
    }
    if (!bad) {
      auto judgment = bench::vote(values);
      if (judgment) return write(*judgment);
      bad = judgment.error();
      if (bad->exit != Exit::kInput) return *bad;
    }
    constexpr std::array<std::string_view, 1> kDrop{"judgment"};
    return failures_.pass_on(judges_[0]->line, judges_[0]->lines.name(), *bad, kDrop);
  }
  Result<void> write(const records::Judgment& judgment) {
    std::string text;
    json::Writer w(text);
    records::write_judgment(w, judgment);
    if (o_.common.dry_run) return {};
    const std::array field{records::Field{"judgment", text}};
    constexpr std::array<std::string_view, 1> kDrop{"error"};
    return out_.write(records::splice(judges_[0]->line.text, field, kDrop));
  }

  const Options& o_;
  records::Writer& out_;
  Progress progress_;
  cli::Failures failures_;
  std::uint64_t records_ = 0;
  std::vector<std::unique_ptr<Judge>> judges_;
};

Result<Exit> run(const Options& o) {
  RM_ASSIGN(auto out, records::Writer::open(o.common.dry_run ? "-" : o.common.out, {.input = o.files.front()}));
  Panel panel(o, out);
  RM_TRY(panel.open());
  const auto done = panel.run();
  const auto closed = out.close();
  if (!done) return done.error();
  if (!closed) return closed.error();
  if (!o.common.summary.empty()) {
    std::string text;
    json::Writer(text)
        .begin_object()
        .member("records", panel.records())
        .member("failed", panel.failures().failed())
        .member("skipped", panel.failures().skipped())
        .end_object();
    RM_TRY(write_file_atomically(o.common.summary, text + "\n"));
  }
  return panel.failures().exit();
}

}  // namespace

int vote(int argc, char** argv) {
  Options o;
  cli::Parser p("rm-eval vote", "makes one judgment of those of several judges, by majority", kExamples);
  p.files("FILE FILE...", o.files, "Judged files of the same records in the same order");
  p.add(o.common);
  return run_verb(p, argc, argv, [&o]() -> Result<Exit> {
    RM_TRY(interpret(o));
    return run(o);
  });
}

}  // namespace rm::rmeval
