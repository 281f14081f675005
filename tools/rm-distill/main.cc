// rm-distill: preference pairs in, reasoning chains to train on out. Picks the verb; the work is in the verbs' files.
#include <array>

#include "tools/rm-distill/verbs.h"

namespace rm::rmdistill {
namespace {

constexpr std::array kVerbs{
    cli::Verb{"mix", "one labelled set of several sources of pairs", mix},
};

constexpr const char* kExamples = "  rm-distill mix sky.jsonl code.jsonl math.jsonl -o pairs.jsonl\n";

}  // namespace
}  // namespace rm::rmdistill

int main(int argc, char** argv) {
  using namespace rm;
  return cli::main_of(
      {rmdistill::kProgram, "makes chains that teach a judge to reason", rmdistill::kExamples, rmdistill::kVerbs}, argc,
      argv);
}
