// rm-distill mix: sources of labelled pairs in, one set whose winner alternates out.
#include <array>

#include "lib/base/atomic_file.h"
#include "lib/base/progress.h"
#include "lib/base/signals.h"
#include "lib/records/lines.h"
#include "lib/records/splice.h"
#include "lib/records/turns.h"
#include "lib/records/writer.h"
#include "tools/cli/failures.h"
#include "tools/rm-distill/verbs.h"

namespace rm::rmdistill {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  rm-distill mix sky.jsonl code.jsonl math.jsonl -o pairs.jsonl\n";

struct Options {
  cli::Common common;
  std::vector<std::string> files;
  records::FieldMap map;
};

Result<void> interpret(Options& o) {
  if (!o.files.empty() && o.common.in_given) return usage("give files by name or with -i, not both", "-i");
  if (o.files.empty()) o.files.push_back(o.common.in);
  RM_ASSIGN(o.map, records::parse_field_map(o.common.map));
  return {};
}

class Run {
 public:
  Run(const Options& o, records::Writer& out)
      : o_(o), out_(out), progress_({.quiet = o.common.quiet}), failures_(kProgram, o.common, out, progress_) {}
  Result<void> all() {
    for (const std::string& file : o_.files) RM_TRY(one(file));
    progress_.finish();
    return {};
  }
  std::string summary() const {
    std::string out;
    json::Writer w(out);
    w.begin_object().member("pairs", written_).member("failed", failures_.failed());
    w.member("skipped", failures_.skipped()).end_object();
    return out;
  }
  const cli::Failures& failures() const { return failures_; }

 private:
  Result<void> one(const std::string& file) {
    RM_ASSIGN(auto in, records::Lines::open(file));
    records::Line line;
    for (;;) {
      RM_ASSIGN(const bool more, in.next(line));
      if (!more) return {};
      if (signals::stop_requested()) return signals::stop_error();
      progress_.update(written_, failures_.failed(), 0, in.fraction());
      auto value = records::parse_line(document_, line, in.name());
      auto pair = value ? records::read_pair(*value, o_.map) : Result<records::Pair>(value.error());
      if (pair && (pair->rendered || !pair->label || *pair->label == records::Label::kTie)) {
        pair = make_error(Exit::kInput, "no_label", "the record does not say which answer is better");
      }
      if (pair) {
        RM_TRY(write(line, *pair));
      } else {
        RM_TRY(failures_.pass_on(line, in.name(), pair.error()));
      }
    }
  }
  Result<void> write(const records::Line& line, const records::Pair& p) {
    const bool b_wins = written_++ % 2 == 1;
    const std::size_t better = *p.label == records::Label::kFirst ? 0 : 1;
    std::array<std::string, 3> text;
    records::append_turns(text[0], p.prompt, "user");
    records::append_turns(text[1], p.answer[b_wins ? 1 - better : better], "assistant");
    records::append_turns(text[2], p.answer[b_wins ? better : 1 - better], "assistant");
    const std::array fields{records::Field{"prompt", text[0]}, records::Field{"answer_a", text[1]},
                            records::Field{"answer_b", text[2]}, records::Field{"winner", b_wins ? "\"B\"" : "\"A\""}};
    constexpr std::array<std::string_view, 6> kDrop{"question", "instruction", "chosen",
                                                    "rejected", "response_a",  "response_b"};
    return o_.common.dry_run ? Result<void>() : out_.write(records::splice(line.text, fields, kDrop));
  }

  const Options& o_;
  records::Writer& out_;
  Progress progress_;
  cli::Failures failures_;
  json::Document document_;
  std::uint64_t written_ = 0;
};

Result<Exit> run(const Options& o) {
  RM_ASSIGN(auto out, records::Writer::open(o.common.dry_run ? "-" : o.common.out, {.input = o.files.front()}));
  Run r(o, out);
  auto done = r.all();
  if (done && o.common.dry_run) done = out.write(r.summary());
  const auto closed = out.close();
  if (!done) return done.error();
  if (!closed) return closed.error();
  if (!o.common.summary.empty()) RM_TRY(write_file_atomically(o.common.summary, r.summary() + "\n"));
  return r.failures().exit();
}

}  // namespace

int mix(int argc, char** argv) {
  Options o;
  cli::Parser p("rm-distill mix", "makes one labelled set of several sources of pairs", kExamples);
  p.files("FILE...", o.files, "Sources of labelled pairs; standard input without any");
  p.add(o.common);
  return run_verb(p, argc, argv, [&o]() -> Result<Exit> {
    RM_TRY(interpret(o));
    return run(o);
  });
}

}  // namespace rm::rmdistill
