// rm-distill plot: metrics of training runs in, one SVG of curves out.
#include "tools/cli/plot.h"

#include "tools/rm-distill/verbs.h"

namespace rm::rmdistill {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  rm-distill plot sft/metrics.jsonl                              # at a terminal: the loss, in dots\n"
    "  rm-distill plot sft/metrics.jsonl -o run.svg\n"
    "  rm-distill plot lr-5e-6.jsonl lr-1e-5.jsonl --metric loss -o both.svg\n";

}  // namespace

int plot(int argc, char** argv) { return cli::plot("rm-distill plot", kExamples, argc, argv); }

}  // namespace rm::rmdistill
