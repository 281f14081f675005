// The verbs of rm-rubric. Each takes the command line from its own name on and returns the exit code.
#pragma once

namespace rm::rmrubric {

inline constexpr const char* kProgram = "rm-rubric";

int extract(int argc, char** argv);
int stats(int argc, char** argv);

}  // namespace rm::rmrubric
