// rm-rubric generate: questions or pairs in, the same with a rubric that a model wrote for them.
#include <array>

#include "lib/judge/rubric_ask.h"
#include "tools/rm-rubric/verbs.h"

namespace rm::rmrubric {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  rm-rubric generate < questions.jsonl > rubrics.jsonl\n"
    "  rm-rubric generate -m MODEL --contrast -i pairs.jsonl | rm-rubric vet > vetted.jsonl\n";

constexpr std::array<std::string_view, 3> kOwn{"rubric", "rubric_from", "error"};
constexpr std::array<std::string_view, 2> kStale{"rubric", "rubric_from"};

struct Options {
  cli::Common common;
  cli::Length length;
  cli::Model model;
  bool contrast = false;
};

class Generating final : public cli::Work {
 public:
  Generating(records::FieldMap map, judge::Settings s, bool contrast)
      : map_(std::move(map)), settings_(std::move(s)), contrast_(contrast) {}

  Result<cli::Begun> begin(const records::Line&, const json::Value& record) override {
    RM_ASSIGN(std::shared_ptr<judge::RubricTask> task, judge::RubricTask::make(record, map_, settings_, contrast_));
    return cli::Begun{std::move(task), {}};
  }
  Result<cli::Finished> finish(const records::Line& line, generate::Task& task) override {
    const auto& asked = static_cast<const judge::RubricTask&>(task);
    std::string from;
    json::Writer w(from);
    records::write_rubric_source(w, asked.source());
    const std::array fields{records::Field{"rubric", rubric_json(asked.rubric())},
                            records::Field{"rubric_from", std::move(from)}};
    constexpr std::array<std::string_view, 1> kDrop{"error"};
    const auto& s = asked.source();
    return cli::Finished{records::splice(line.text, fields, kDrop),
                         {},
                         [this, r = asked.rubric(), in = s.prompt_tokens, out = s.completion_tokens] {
                           counts_.add(r);
                           prompt_tokens_ += in;
                           completion_tokens_ += out;
                         }};
  }
  std::uint64_t unparsed() const override { return counts_.neither; }

  std::string summary(const cli::Outcome& end) const {
    std::string out;
    json::Writer w(out);
    w.begin_object();
    run_members(w, end);
    counts_.members(w);
    w.key("tokens").begin_object().member("prompt", prompt_tokens_).member("completion", completion_tokens_);
    w.end_object().member("model", std::string_view(settings_.model)).member("seed", settings_.seed).end_object();
    return out;
  }
  std::string words(const cli::Outcome& end) const { return run_words(end) + ": " + counts_.words(); }

 private:
  records::FieldMap map_;
  judge::Settings settings_;
  bool contrast_;
  RubricCounts counts_;
  std::int64_t prompt_tokens_ = 0, completion_tokens_ = 0;
};

Result<void> check(const Options& o) {
  RM_TRY(check_input(o.common));
  if (!o.model.prompt.empty())
    return usage("holds what judges read; generate has wording of its own (rm-rubric vet and rm-judge take it)",
                 "--prompt");
  return cli::check_outputs(o.common, o.length, o.model);
}

Result<Exit> run(const Options& o) {
  RM_ASSIGN(records::FieldMap map, records::parse_field_map(o.common.map));
  RM_ASSIGN(judge::Settings settings, settings_of(o.common, o.model, 1));
  RM_ASSIGN(const auto generator, open_model(o.common, o.model, settings));
  cli::RecordRun run{kProgram, &o.common, &o.length, &o.model, {}};
  RM_ASSIGN(run.shard, records::parse_shard(o.length.shard, o.length.shard_by));
  run.mode = cli::mode_of(o.common, o.model);
  run.own = kOwn;
  run.stale = kStale;
  Generating work(std::move(map), std::move(settings), o.contrast);
  const cli::Outcome end = cli::run_records(run, generator.get(), work);
  const bool asked = run.mode == cli::Mode::kAsk;
  return close(o.common, end, work.summary(end), asked ? work.words(end) : "");
}

}  // namespace

int generate(int argc, char** argv) {
  Options o;
  cli::Parser p("rm-rubric generate", "asks a model for the rubric of a question or pair, or for its own solution",
                kExamples);
  p.group("Asking").flag("--contrast", o.contrast,
                         "Tell the model which answer of a pair is better, and ask what makes the difference");
  p.add(o.model).add(o.common).add(o.length);
  return cli::run_verb(p, argc, argv, [&o]() -> Result<Exit> {
    RM_TRY(check(o));
    return run(o);
  });
}

}  // namespace rm::rmrubric
