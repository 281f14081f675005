// rm-rubric: rubrics as data. Picks the verb; the work is in the verbs' files.
#include <array>

#include "tools/rm-rubric/verbs.h"

namespace rm::rmrubric {
namespace {

constexpr std::array kVerbs{
    cli::Verb{"generate", "ask a model for a rubric, or for its own solution", generate},
    cli::Verb{"extract", "read the rubrics out of judged records or chains", extract},
    cli::Verb{"vet", "keep a rubric only if judging by it reproduces the label", vet},
    cli::Verb{"stats", "task types, criteria by name, weights with intervals", stats},
};

constexpr const char* kExamples =
    "  rm-judge < pairs.jsonl | rm-rubric extract > rubrics.jsonl\n"
    "  rm-rubric generate < pairs.jsonl | rm-rubric vet > vetted.jsonl\n"
    "  rm-rubric stats < rubrics.jsonl\n";

}  // namespace
}  // namespace rm::rmrubric

int main(int argc, char** argv) {
  using namespace rm;
  return cli::main_of(
      {rmrubric::kProgram, "rubrics as data: made, read, tested, counted", rmrubric::kExamples, rmrubric::kVerbs}, argc,
      argv);
}
