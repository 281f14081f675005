// One pair from the command line, judged before the reader's eyes: trace as it comes, then verdict and rubric.
#pragma once

#include "lib/base/result.h"
#include "lib/generate/generator.h"
#include "lib/judge/judge.h"
#include "tools/rm-judge/counts.h"
#include "tools/rm-judge/options.h"

namespace rm::rmjudge {

// Answers from files or text, the question as given. Exit::kInput where a named file cannot be read, kUsage where empty.
Result<records::Pair> read_one(const Options& o);

// Prints to standard output; with -o also writes the judged record. Colour and wrapping only at a terminal.
Result<Counts> judge_one(const Options& o, const judge::Settings& s, const records::Pair& pair,
                         generate::Generator& generator, const judge::PromptSet& prompts);

// --show-prompt of one pair: the text as the model reads it; the number of tokens goes to standard error.
Result<void> show_one(const Options& o, const judge::Settings& s, const records::Pair& pair,
                      const generate::Generator& generator, const judge::PromptSet& prompts);

}  // namespace rm::rmjudge
