// One question from the command line, judged before the reader's eyes: traces as they come, then what they amount to.
#pragma once

#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/generate/generator.h"
#include "lib/judge/job.h"
#include "tools/rm-judge/counts.h"
#include "tools/rm-judge/options.h"

namespace rm::rmjudge {

// A question and the answers given to it; with two of them a pair, with more a ranking.
struct Question {
  std::string text;
  std::vector<std::string> names;  // how each answer is called on the screen: A, B, or the file it came from
  std::vector<std::string> answers;

  std::string record() const;  // as a line of input would say it
};

// Answers from files or text, the question as given. Exit::kInput where a named file cannot be read, kUsage where empty.
Result<Question> read_one(const Options& o);

// Prints to standard output; with -o also writes the judged record. Colour, wrapping and the answers side by side only at a
// terminal.
Result<Counts> judge_one(const Options& o, const judge::Settings& s, const Question& q, generate::Generator& generator,
                         const judge::PromptSet& prompts);

// --show-prompt: the texts as the model reads them; the number of tokens goes to standard error.
Result<void> show_one(const Options& o, const judge::Settings& s, const Question& q,
                      const generate::Generator& generator, const judge::PromptSet& prompts);

}  // namespace rm::rmjudge
