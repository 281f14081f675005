// rm-rl plot: metrics of runs in, one SVG of curves out.
#include "tools/cli/plot.h"

#include "tools/rm-rl/verbs.h"

namespace rm::rmrl {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  rm-rl plot rl.jsonl                                      # at a terminal: the reward, in dots\n"
    "  rm-rl plot rl.jsonl -o run.svg\n"
    "  rm-rl plot seed-1.jsonl seed-2.jsonl --metric reward_mean --metric val_verdict_accuracy -o both.svg\n";

}  // namespace

int plot(int argc, char** argv) { return cli::plot("rm-rl plot", kExamples, argc, argv); }

}  // namespace rm::rmrl
