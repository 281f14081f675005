// rm-rl: labelled pairs in, a judge that reinforcement learning has made better out. The work is in the verbs' files.
#include <array>

#include "tools/rm-rl/verbs.h"

namespace rm::rmrl {
namespace {

constexpr std::array kVerbs{
    cli::Verb{"plot", "draw the metrics of runs as curves", plot},
};

}  // namespace
}  // namespace rm::rmrl

int main(int argc, char** argv) {
  using namespace rm;
  return cli::main_of({rmrl::kProgram, "trains a judge on verdicts that can be checked", "", rmrl::kVerbs, rmrl::train},
                      argc, argv);
}
