// rm-rubric extract: judged records or chains in, the same with the rubric that the model wrote.
#include <array>
#include <optional>

#include "lib/records/traces.h"
#include "lib/rubric/rubric.h"
#include "tools/rm-rubric/verbs.h"

namespace rm::rmrubric {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  rm-judge < pairs.jsonl | rm-rubric extract > rubrics.jsonl\n"
    "  rm-rubric extract -i chains.jsonl | jq .rubric.criteria\n";

constexpr std::array<std::string_view, 2> kOwn{"rubric", "error"};
constexpr std::array<std::string_view, 1> kStale{"rubric"};

struct Options {
  cli::Common common;
  cli::Length length;
};

// The first trace that a judge could go by; where none is, the first.
records::Rubric rubric_of(const std::vector<std::string>& traces) {
  std::optional<records::Rubric> first;
  for (const std::string& trace : traces) {
    records::Rubric r = rubric::read_rubric(trace);
    if (r.usable()) return r;
    if (!first) first = std::move(r);
  }
  if (first) return *std::move(first);
  records::Rubric none;
  none.unread.push_back({"rubric", "no_trace", "", ""});
  return none;
}

class Extracting final : public cli::Work {
 public:
  explicit Extracting(records::FieldMap map) : map_(std::move(map)) {}

  Result<cli::Begun> begin(const records::Line& line, const json::Value& record) override {
    RM_ASSIGN(const std::vector<std::string> traces, records::read_traces(record, map_));
    records::Rubric r = rubric_of(traces);
    const std::array field{records::Field{"rubric", rubric_json(r)}};
    constexpr std::array<std::string_view, 1> kDrop{"error"};
    cli::Finished done{records::splice(line.text, field, kDrop), {}, [this, r = std::move(r)] { counts_.add(r); }};
    return cli::Begun{nullptr, std::move(done)};
  }
  Result<cli::Finished> finish(const records::Line&, generate::Task&) override { return cli::Finished{}; }  // no tasks
  const RubricCounts& counts() const { return counts_; }

 private:
  records::FieldMap map_;
  RubricCounts counts_;
};

Result<void> check(const Options& o) {
  RM_TRY(check_input(o.common));
  if (o.common.dry_run)
    return usage("asks no model, so there is nothing to spare; -o /dev/null counts alone", "--dry-run");
  return cli::check_outputs(o.common, o.length, {});
}

Result<Exit> run(const Options& o) {
  RM_ASSIGN(records::FieldMap map, records::parse_field_map(o.common.map));
  const cli::Model none;
  cli::RecordRun run{kProgram, &o.common, &o.length, &none, {}};
  RM_ASSIGN(run.shard, records::parse_shard(o.length.shard, o.length.shard_by));
  run.own = kOwn;
  run.stale = kStale;
  Extracting work(std::move(map));
  const cli::Outcome end = cli::run_records(run, nullptr, work);
  std::string summary;
  json::Writer w(summary);
  w.begin_object();
  run_members(w, end);
  work.counts().members(w);
  w.end_object();
  return close(o.common, end, summary, run_words(end) + ": " + work.counts().words());
}

}  // namespace

int extract(int argc, char** argv) {
  Options o;
  cli::Parser p("rm-rubric extract", "reads the rubrics out of judged records or chains", kExamples);
  p.add(o.common).add(o.length);
  return cli::run_verb(p, argc, argv, [&o]() -> Result<Exit> {
    RM_TRY(check(o));
    return run(o);
  });
}

}  // namespace rm::rmrubric
