// rm-distill correct: what teach wrote in; the chains that were not kept asked again of a teacher that is told the verdict.
#include "lib/records/chain.h"
#include "lib/records/failure.h"
#include "tools/rm-distill/pass.h"

namespace rm::rmdistill {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  rm-distill correct -m TEACHER2 -i taught.jsonl -o chains.jsonl --resume\n"
    "  rm-distill teach -m TEACHER -i distill.jsonl | rm-distill correct -m TEACHER2 -o chains.jsonl\n"
    "  rm-distill correct -i taught.jsonl --from-batch results.jsonl -o chains.jsonl\n";

class SecondPass final : public Pass {
 public:
  explicit SecondPass(const PassOptions& o) : Pass(o, false), settings_(o.settings) {}

  Result<cli::Begun> begin(const records::Line& line, const json::Value& record) override {
    if (auto failed = records::stored_error(record); failed && !records::has_chain(record))
      return passed_on(line, [this, why = std::move(failed->code)] { tally().passed_failure(why); });
    RM_ASSIGN(records::ChainRecord stored, records::read_chain(record));
    if (distill::wants_second(stored)) return asked(distill::second_pass(std::move(stored), settings_));
    return passed_on(line, [this, c = distill::Tally::Entry(stored.chain)] { tally().add(c, false); });
  }

 private:
  static cli::Begun passed_on(const records::Line& line, std::function<void()> counted) {
    return {nullptr, {line.text, {}, std::move(counted)}};
  }
  distill::Settings settings_;
};

Result<Exit> run(PassOptions& o) {
  constexpr const char* kWhy = "has no use here: the prompt is the one that the record carries";
  if (!o.model.form.empty()) return usage(kWhy, "--form");
  if (!o.model.prompt.empty()) return usage(kWhy, "--prompt");
  if (!o.common.map.empty()) return usage("has no use here: records have the fields that teach wrote", "--map");
  RM_TRY(interpret(o));
  SecondPass pass(o);
  return run_pass(o, "correct", pass, "", {});
}

}  // namespace

int correct(int argc, char** argv) {
  PassOptions o;
  cli::Parser p("rm-distill correct", "asks a second teacher, told the verdict, for the chains that were not kept",
                kExamples);
  add_flags(p, o);
  return run_verb(p, argc, argv, [&o] { return run(o); });
}

}  // namespace rm::rmdistill
