// The verbs of rm-distill. Each takes the command line from its own name on and returns the exit code.
#pragma once

#include "tools/cli/flags.h"
#include "tools/cli/report.h"
#include "tools/cli/verbs.h"

namespace rm::rmdistill {

inline constexpr const char* kProgram = "rm-distill";
using cli::usage;

int mix(int argc, char** argv);
int teach(int argc, char** argv);
int correct(int argc, char** argv);
int train(int argc, char** argv);
int plot(int argc, char** argv);

}  // namespace rm::rmdistill
