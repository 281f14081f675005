// What flags that several programs have come to: what to read, how to sample, what to ask with, where a report goes. All
// errors are Exit::kUsage or those of reading the file of --prompt.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/judge/prompt.h"
#include "tools/cli/flags.h"

namespace rm::cli {

struct Sampling {
  double temperature = 0, top_p = 1;
  std::int64_t max_tokens = 0;
  std::uint64_t seed = 0;
};
// Temperature 0 by default, 1 for several samples, which cannot be greedy.
Result<Sampling> sampling_of(const Common& c, const Model& m, std::int64_t samples = 1);

Result<judge::PromptSet> prompts_of(const Model& m);  // the file of --prompt, or the built-in ones

// Standard input that is read as a file, and is a terminal; `what_to_do` ends the message.
Result<void> refuse_terminal(const std::string& what_to_do);

// Files that were named, else what -i says (standard input by default, which then must be no terminal). Not both.
Result<void> choose_inputs(const Common& c, const std::string& what_to_do, std::vector<std::string>& files);

// A report to where -o says; refuses to write onto `input`.
Result<void> put_text(const Common& c, const std::string& input, std::string text);

}  // namespace rm::cli
