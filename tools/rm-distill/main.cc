// rm-distill: preference pairs in, reasoning chains to train on out. Picks the verb; the work is in the verbs' files.
#include <array>

#include "tools/rm-distill/verbs.h"

namespace rm::rmdistill {
namespace {

constexpr std::array kVerbs{
    cli::Verb{"mix", "one labelled set of several sources of pairs", mix},
    cli::Verb{"teach", "ask a teacher to judge pairs; keep the chains that are right", teach},
    cli::Verb{"correct", "ask a second teacher, told the verdict, for the others", correct},
    cli::Verb{"train", "fine-tune a judge on the chains", train},
    cli::Verb{"plot", "draw the metrics of training runs as curves", plot},
};

constexpr const char* kExamples =
    "  rm-distill mix sky.jsonl code.jsonl math.jsonl -o pairs.jsonl\n"
    "  rm-distill teach -m TEACHER -i pairs.jsonl | rm-distill correct -m TEACHER2 -o chains.jsonl\n";

}  // namespace
}  // namespace rm::rmdistill

int main(int argc, char** argv) {
  using namespace rm;
  return cli::main_of(
      {rmdistill::kProgram, "makes chains that teach a judge to reason", rmdistill::kExamples, rmdistill::kVerbs}, argc,
      argv);
}
