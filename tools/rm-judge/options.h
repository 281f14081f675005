// What the command line of rm-judge asks for. Read once; nothing is opened here.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/judge/judge.h"
#include "lib/records/pair.h"
#include "lib/records/shard.h"
#include "tools/cli/flags.h"

namespace rm::rmjudge {

inline constexpr const char* kProgram = "rm-judge";

struct Options {
  cli::Common common;
  cli::Length length;
  cli::Model model;
  std::string question;  // -q -a -b as given
  bool has_question = false;
  std::vector<std::string> answers_a, answers_b;
  std::int64_t samples = 1, budget = 0;
  std::string verdict = "strict", rubric = "none", rate, retry, serve;
  bool reparse = false, show_prompt = false;

  bool one = false;          // judge the question of -q -a -b
  judge::Settings settings;  // but form and model, which the generator decides
  records::FieldMap map;
  records::Shard shard;
};

// The flags alone, then what they mean together (Exit::kUsage).
cli::Parsed parse_flags(int argc, char** argv, Options& o);
Result<void> interpret(Options& o);

}  // namespace rm::rmjudge
