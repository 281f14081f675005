// rm-rubric vet: labelled pairs with a rubric in, the same with what judging by it came to.
#include <array>

#include "lib/judge/rubric_vet.h"
#include "tools/cli/asking.h"
#include "tools/rm-rubric/verbs.h"
#include "tools/rm-rubric/vet_counts.h"

namespace rm::rmrubric {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  rm-rubric generate < pairs.jsonl | rm-rubric vet > vetted.jsonl\n"
    "  rm-rubric vet -m MODEL --samples 5 --contrast -i rubrics.jsonl -o vetted.jsonl --resume\n"
    "  jq -c 'select(.vet.kept) | del(.vet)' vetted.jsonl | rm-judge --rubric record\n";

constexpr std::array<std::string_view, 2> kOwn{"vet", "error"};
constexpr std::array<std::string_view, 1> kStale{"vet"};

struct Options {
  cli::Common common;
  cli::Length length;
  cli::Model model;
  std::int64_t samples = 1;
  std::string orders = "both";
  bool contrast = false;
};

class Vetting final : public cli::Work {
 public:
  Vetting(const judge::PromptSet& prompts, records::FieldMap map, judge::VetSettings s)
      : prompts_(prompts), map_(std::move(map)), settings_(std::move(s)) {}

  Result<cli::Begun> begin(const records::Line&, const json::Value& record) override {
    RM_ASSIGN(std::shared_ptr<judge::VetTask> task, judge::VetTask::make(record, map_, prompts_, settings_));
    return cli::Begun{std::move(task), {}};
  }
  Result<cli::Finished> finish(const records::Line& line, generate::Task& task) override {
    records::Vet v = static_cast<const judge::VetTask&>(task).vet();
    std::string text;
    json::Writer w(text);
    records::write_vet(w, v);
    const std::array field{records::Field{"vet", std::move(text)}};
    constexpr std::array<std::string_view, 1> kDrop{"error"};
    for (records::Judgment* j : {&v.with, &v.without}) {
      for (records::Sample& s : j->samples) s.text = s.reasoning = {};  // only the counts are wanted now
    }
    return cli::Finished{records::splice(line.text, field, kDrop), {}, [this, v = std::move(v)] { counts_.add(v); }};
  }
  void describe(const generate::Task& task, std::uint64_t request, json::Writer& w) const override {
    const auto& vet = static_cast<const judge::VetTask&>(task);
    w.member("rubric", vet.with_rubric(request)).member("order", vet.sample(request).swapped ? "ba" : "ab");
  }
  std::uint64_t unparsed() const override { return counts_.unparsed_with; }
  const VetCounts& counts() const { return counts_; }

 private:
  const judge::PromptSet& prompts_;
  records::FieldMap map_;
  judge::VetSettings settings_;
  VetCounts counts_;
};

Result<void> check(const Options& o) {
  RM_TRY(check_input(o.common));
  return cli::check_outputs(o.common, o.length, o.model);
}

Result<Exit> run(const Options& o) {
  RM_ASSIGN(records::FieldMap map, records::parse_field_map(o.common.map));
  RM_ASSIGN(const judge::PromptSet prompts, cli::prompts_of(o.model));
  judge::VetSettings settings;
  RM_ASSIGN(settings.judge, settings_of(o.common, o.model, o.samples));
  settings.judge.both_orders = o.orders == "both";
  settings.judge.logprobs = settings.contrast = o.contrast;
  RM_ASSIGN(const auto generator, open_model(o.common, o.model, settings.judge));
  cli::RecordRun run{kProgram, &o.common, &o.length, &o.model, {}};
  RM_ASSIGN(run.shard, records::parse_shard(o.length.shard, o.length.shard_by));
  run.mode = cli::mode_of(o.common, o.model);
  run.own = kOwn;
  run.stale = kStale;
  Vetting work(prompts, std::move(map), settings);
  const cli::Outcome end = cli::run_records(run, generator.get(), work);
  std::string summary;
  json::Writer w(summary);
  w.begin_object();
  run_members(w, end);
  work.counts().members(w);
  w.member("samples", o.samples).member("orders", std::string_view(o.orders)).member("contrast", o.contrast);
  w.member("model", std::string_view(settings.judge.model)).member("seed", settings.judge.seed).end_object();
  const bool asked = run.mode == cli::Mode::kAsk;
  RM_ASSIGN(const Exit exit, close(o.common, end, summary, asked ? run_words(end) + "\n" + work.counts().words() : ""));
  return exit == Exit::kDone && work.counts().incomplete > 0 ? Exit::kSomeFailed : exit;
}

}  // namespace

int vet(int argc, char** argv) {
  Options o;
  cli::Parser p("rm-rubric vet", "keeps a rubric only if judging by it reproduces the label", kExamples);
  p.group("Vetting")
      .integer("--samples", "N", o.samples, 1, 1024,
               "Judge N times with the rubric and without; majorities count (default 1)")
      .choice("--orders", {"both", "one"}, o.orders,
              "Ask with the answers in both orders, which must agree (default), or in one")
      .flag("--contrast", o.contrast, "Keep a rubric only where it also makes the label more likely than none does");
  p.add(o.model).add(o.common).add(o.length);
  return cli::run_verb(p, argc, argv, [&o]() -> Result<Exit> {
    RM_TRY(check(o));
    return run(o);
  });
}

}  // namespace rm::rmrubric
