// rm-eval: benchmark files in, pairs out; judged records in, scores out. Picks the verb; the work is in the verbs' files.
#include <array>

#include "tools/rm-eval/verbs.h"

namespace rm::rmeval {
namespace {

constexpr std::array kVerbs{
    cli::Verb{"prepare", "turn a benchmark's files into pairs for rm-judge", prepare},
    cli::Verb{"score", "the published scores of judged records, with intervals", score},
    cli::Verb{"compare", "whether judges of the same items differ, and where", compare},
    cli::Verb{"report", "one HTML page: charts, comparisons, every judgment", report},
    cli::Verb{"vote", "one judgment of those of several judges, by majority", vote},
};

constexpr const char* kExamples =
    "  rm-eval prepare rm-bench chat.json math.json | rm-judge | rm-eval score\n"
    "  rm-eval score --partial judged.jsonl\n"
    "  rm-eval compare old.jsonl new.jsonl\n";

}  // namespace
}  // namespace rm::rmeval

int main(int argc, char** argv) {
  using namespace rm;
  return cli::main_of({rmeval::kProgram, "scores judges on reward-model benchmarks", rmeval::kExamples, rmeval::kVerbs},
                      argc, argv);
}
