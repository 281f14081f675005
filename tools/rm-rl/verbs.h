// What rm-rl does. Each takes the command line from its own name on and returns the exit code.
#pragma once

#include "tools/cli/flags.h"
#include "tools/cli/report.h"
#include "tools/cli/verbs.h"

namespace rm::rmrl {

inline constexpr const char* kProgram = "rm-rl";
using cli::usage;

int train(int argc, char** argv);  // what a line without a verb does
int plot(int argc, char** argv);

}  // namespace rm::rmrl
