// The verbs of rm-eval. Each takes the command line from its own name on and returns the exit code.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "tools/cli/flags.h"
#include "tools/cli/report.h"
#include "tools/cli/verbs.h"

namespace rm::rmeval {

inline constexpr const char* kProgram = "rm-eval";
using cli::usage;

int prepare(int argc, char** argv);
int score(int argc, char** argv);
int compare(int argc, char** argv);
int vote(int argc, char** argv);
int report(int argc, char** argv);

}  // namespace rm::rmeval
