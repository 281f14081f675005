// What programs with verbs share: the table of verbs and how one is picked, run and reported.
//
// A verb takes the command line from its own name on and returns the exit code. It makes a Parser of "program verb", adds its
// flags and hands its work to run_verb().
#pragma once

#include <functional>
#include <span>

#include "lib/base/result.h"
#include "tools/cli/flags.h"

namespace rm::cli {

struct Verb {
  const char *name, *about;
  int (*run)(int, char**);
};

struct Program {
  const char *name, *about, *examples;  // for --help; each line of the examples ends in a newline
  std::span<const Verb> verbs;
  int (*otherwise)(int, char**) = nullptr;  // what a line without a verb does, --help and --version included
};

// Picks the verb; --help and --version of the program itself are answered here.
int run_program(const Program& program, int argc, char** argv);

// All of main(): standard descriptors, signals, then run_program() with nothing thrown out of it.
int main_of(const Program& program, int argc, char** argv);

// Parses, runs `body` where the command line goes on, and says what came of it.
int run_verb(Parser& p, int argc, char** argv, const std::function<Result<Exit>()>& body);

}  // namespace rm::cli
