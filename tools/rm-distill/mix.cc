// rm-distill mix: sources of labelled pairs in, one set whose winner alternates out.
#include "lib/distill/mix.h"

#include <optional>

#include "lib/base/atomic_file.h"
#include "lib/base/escape.h"
#include "lib/base/number.h"
#include "lib/base/progress.h"
#include "lib/base/signals.h"
#include "lib/records/lines.h"
#include "lib/records/writer.h"
#include "tools/cli/failures.h"
#include "tools/rm-distill/mix_counts.h"
#include "tools/rm-distill/mix_options.h"
#include "tools/rm-distill/verbs.h"

namespace rm::rmdistill {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  rm-distill mix sky.jsonl code.jsonl math.jsonl --exclude source=magpie_ultra --cap code=8000 -o pairs.jsonl\n"
    "  rm-distill mix pairs.jsonl --dedup pair --decontaminate rm-bench/ -o clean.jsonl\n"
    "  rm-distill mix pairs.jsonl --split distill=0.12 --rest rl.jsonl -o distill.jsonl\n";

constexpr std::uint64_t kNamed = 5;  // contaminated records that get a message of their own
constexpr std::uint64_t kOdd = 100;  // records without the fields, from the start of a source: it is no source of pairs
constexpr std::uint64_t kUpdateEvery = 64;  // records between looks at the clock

class Run {
 public:
  Run(const MixOptions& o, distill::Contamination& benchmarks)
      : o_(o),
        benchmarks_(benchmarks),
        mix_(o.rules, benchmarks.files().empty() ? nullptr : &benchmarks),
        progress_({.quiet = o.common.quiet}),
        failures_(
            kProgram, o.common, [this](std::string_view line) { return mix_.keep_failure(line); }, progress_) {}

  Result<void> read() {
    for (std::size_t i = 0; i < o_.rules.sources.size(); ++i) RM_TRY(source(i));
    progress_.finish();
    return {};
  }
  Result<void> write(const distill::Mix::Put& put) {
    return mix_.write([&](bool rest, std::string_view line) -> Result<void> {
      if (++written_ % kUpdateEvery == 0 && signals::stop_requested()) return signals::stop_error();
      return put(rest, line);
    });
  }
  const distill::Mix& mix() const { return mix_; }
  const cli::Failures& failures() const { return failures_; }

 private:
  Result<void> source(std::size_t i) {
    RM_ASSIGN(auto in, records::Lines::open(o_.rules.sources[i].file));
    records::Line line;
    std::uint64_t good = 0, odd = 0;
    std::optional<Error> first_odd;
    for (;;) {
      RM_ASSIGN(const bool more, in.next(line));
      if (!more) break;
      if (read_++ % kUpdateEvery == 0) {
        if (signals::stop_requested()) return signals::stop_error();
        progress_.update(read_, failures_.failed(), 0, in.fraction());
      }
      const Result<void> taken = one(i, line, in.name());
      if (taken) {
        ++good;
        continue;
      }
      if (taken.error().exit != Exit::kInput) return taken.error();
      if (good == 0 && records::lacks_fields(taken.error())) {
        if (!first_odd) first_odd = taken.error();
        if (++odd >= kOdd) return no_source(*first_odd, in.name(), odd);
      }
      RM_TRY(failures_.pass_on(line, in.name(), taken.error()));
    }
    return good == 0 && first_odd ? no_source(*first_odd, in.name(), odd) : Result<void>();
  }
  Result<void> one(std::size_t i, const records::Line& line, const std::string& name) {
    auto value = records::parse_line(document_, line, name);
    if (!value) return mix_.count_failure(i), value.error();
    std::optional<distill::Contamination::Hit> hit;
    RM_TRY(mix_.take(i, line, *value, hit));
    if (hit && ++named_ <= kNamed && !o_.common.quiet) {
      progress_.erase();
      cli::warn(kProgram, name + ":" + std::to_string(line.number) + ": left out: " +
                              format_fixed(hit->share * 100, 0) + " % of item " + std::to_string(hit->number) + " of " +
                              escape_text(benchmarks_.files()[hit->file].name) + " is in the prompt");
    }
    return {};
  }
  static Error no_source(const Error& first, const std::string& name, std::uint64_t odd) {
    return make_error(Exit::kInput, "no_source",
                      "is no source of pairs, going by its first " + format_grouped(odd) +
                          (odd == 1 ? " record: " : " records: ") + first.message,
                      name);
  }

  const MixOptions& o_;
  const distill::Contamination& benchmarks_;
  distill::Mix mix_;
  Progress progress_;
  cli::Failures failures_;
  json::Document document_;
  std::uint64_t read_ = 0, written_ = 0, named_ = 0;
};

// Where the two outputs go. Both are opened before anything is read, so that what cannot be written ends the run at once.
struct Outputs {
  std::optional<records::Writer> first, rest;

  Result<void> open(const MixOptions& o) {
    records::WriterOptions inputs;
    inputs.inputs = o.files;
    inputs.inputs.insert(inputs.inputs.end(), o.benchmarks.begin(), o.benchmarks.end());
    RM_ASSIGN(first, records::Writer::open(o.common.dry_run ? "-" : o.common.out, inputs));
    if (!o.common.dry_run && o.rules.split) {
      RM_ASSIGN(rest, records::Writer::open(o.rest, inputs));
    }
    return {};
  }
  Result<void> close() {
    RM_TRY(first->close());
    return rest ? rest->close() : Result<void>();
  }
};

Result<Exit> run(const MixOptions& o) {
  Outputs out;
  RM_TRY(out.open(o));
  distill::Contamination benchmarks;
  for (const std::string& path : o.benchmarks) RM_TRY(benchmarks.read(path));
  Run r(o, benchmarks);
  RM_TRY(r.read());
  RM_TRY(r.write([&](bool rest, std::string_view line) {
    return o.common.dry_run ? Result<void>() : (rest ? out.rest : out.first)->write(line);
  }));
  const std::string counts = counts_json(o, r.mix(), benchmarks, r.failures().skipped());
  if (o.common.dry_run) RM_TRY(out.first->write(counts));
  RM_TRY(out.close());
  if (!o.common.quiet) {
    for (const std::string& line : count_lines(o, r.mix(), benchmarks)) cli::warn(kProgram, line);
  }
  if (!o.common.summary.empty()) RM_TRY(write_file_atomically(o.common.summary, counts + "\n"));
  return r.failures().exit();
}

}  // namespace

int mix(int argc, char** argv) {
  MixOptions o;
  cli::Parser p("rm-distill mix", "makes one labelled set of several sources of pairs", kExamples);
  add_mix_flags(p, o);
  return run_verb(p, argc, argv, [&o]() -> Result<Exit> {
    RM_TRY(interpret(o));
    return run(o);
  });
}

}  // namespace rm::rmdistill
