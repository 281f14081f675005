// rm-rubric: rubrics as data. Picks the verb; the work is in the verbs' files.
#include <array>

#include "tools/cli/verbs.h"
#include "tools/rm-rubric/verbs.h"

namespace rm::rmrubric {
namespace {

constexpr std::array kVerbs{
    cli::Verb{"extract", "read the rubrics out of judged records or chains", extract},
    cli::Verb{"stats", "task types, criteria by name, weights with intervals", stats},
};

constexpr const char* kExamples =
    "  rm-judge < pairs.jsonl | rm-rubric extract > rubrics.jsonl\n"
    "  rm-rubric stats < rubrics.jsonl\n";

}  // namespace
}  // namespace rm::rmrubric

int main(int argc, char** argv) {
  using namespace rm;
  return cli::main_of(
      {rmrubric::kProgram, "rubrics as data: made, read, tested, counted", rmrubric::kExamples, rmrubric::kVerbs}, argc,
      argv);
}
