// The verbs of rm-eval. Each takes the command line from its own name on and returns the exit code.
#pragma once

#include "lib/base/result.h"
#include "tools/cli/flags.h"

namespace rm::rmeval {

inline constexpr const char* kProgram = "rm-eval";

int prepare(int argc, char** argv);
int score(int argc, char** argv);
int compare(int argc, char** argv);
int vote(int argc, char** argv);

// What a parsed command line came to, where it does not go on: --help, --version or a usage error.
int end_of_flags(const cli::Parsed& p);
int end_with(const Error& e);
Error usage(std::string message, std::string where = {});

}  // namespace rm::rmeval
