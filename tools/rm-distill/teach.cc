// rm-distill teach: labelled pairs in, the same pairs with a chain of a teacher that judged them out.
#include "lib/judge/prompt.h"
#include "lib/records/chain.h"
#include "tools/cli/asking.h"
#include "tools/rm-distill/pass.h"

namespace rm::rmdistill {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  rm-distill teach -m TEACHER -i distill.jsonl -o taught.jsonl --resume\n"
    "  rm-distill mix sky.jsonl --split distill=0.12 --rest rl.jsonl | rm-distill teach -m http://localhost:8000/v1\n"
    "  rm-distill teach -i distill.jsonl --emit-batch requests.jsonl\n";

class FirstPass final : public Pass {
 public:
  FirstPass(const PassOptions& o, records::FieldMap map, judge::PromptSet prompts)
      : Pass(o, true), settings_(o.settings), map_(std::move(map)), prompts_(std::move(prompts)) {}

  Result<cli::Begun> begin(const records::Line&, const json::Value& record) override {
    RM_ASSIGN(auto task, distill::first_pass(record, map_, prompts_, settings_));
    return asked(std::move(task));
  }
  std::string prompt_id() const { return prompts_.id(settings_.form); }

 private:
  distill::Settings settings_;
  records::FieldMap map_;
  judge::PromptSet prompts_;
};

Result<Exit> run(PassOptions& o) {
  RM_TRY(interpret(o));
  RM_ASSIGN(records::FieldMap map, records::parse_field_map(o.common.map));
  RM_ASSIGN(judge::PromptSet prompts, cli::prompts_of(o.model));
  FirstPass pass(o, std::move(map), std::move(prompts));
  return run_pass(o, "teach", pass, pass.prompt_id(), records::chain_names());
}

}  // namespace

int teach(int argc, char** argv) {
  PassOptions o;
  cli::Parser p("rm-distill teach", "asks a teacher to judge labelled pairs and keeps the chains that are right",
                kExamples);
  add_flags(p, o);
  return run_verb(p, argc, argv, [&o] { return run(o); });
}

}  // namespace rm::rmdistill
