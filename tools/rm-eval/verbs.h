// The verbs of rm-eval. Each takes the command line from its own name on and returns the exit code.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "tools/cli/flags.h"

namespace rm::rmeval {

inline constexpr const char* kProgram = "rm-eval";

int prepare(int argc, char** argv);
int score(int argc, char** argv);
int compare(int argc, char** argv);
int vote(int argc, char** argv);

// Parses, runs `body` where the command line goes on, and says what came of it.
int run_verb(cli::Parser& p, int argc, char** argv, const std::function<Result<Exit>()>& body);
Error usage(std::string message, std::string where = {});

// Verbs that read judged records side by side: two or more files, by name, and no --map. `few` is said of fewer.
Result<void> check_side_by_side(const cli::Common& c, const std::vector<std::string>& files, const char* few);

}  // namespace rm::rmeval
