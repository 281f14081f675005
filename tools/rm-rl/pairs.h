// Reads the pairs of a run into prompts, tells those to learn from those to validate on, and counts what is left out and why.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/rl/prompts.h"
#include "tools/rm-rl/options.h"
#include "tools/train/base.h"
#include "tools/train/reading.h"

namespace rm::rmrl {

struct Pairs {
  std::vector<rl::Prompt> learn, validate;  // validate: each pair in both orders, one behind the other
  std::vector<std::string> lines;           // by Prompt::record; only where a program gives rewards
  std::vector<std::uint64_t> numbers;       // of their lines in the file, by Prompt::record
  traincli::LeftOut left_out;
  std::uint64_t records = 0;
  std::int64_t prompt_tokens = 0, longest = 0;  // of prompts to learn; longest of both kinds
  std::int64_t label_a = 0;                     // of those to learn: A is right
  std::uint64_t failed() const;                 // left out for anything but a label that was not asked for
  std::string hash() const;                     // of what is learned, in order
};

// With form and wording settled: o.rl gets its prompt_id and `train`. Exit::kUsage for a file of --prompt that cannot be read.
Result<rl::PromptMaker> prompt_maker(RlOptions& o, const traincli::Base& base);

// Exit::kInput where a file cannot be read, nothing is left to learn ("empty") or less than a batch ("fewer"), pairs are unlabelled or
// tied and no --skip-unlabelled ("unlabelled": how many, and the first), or a record is bad and --on-error stop asks for it;
// kModel for a vocabulary that does not fit.
Result<Pairs> read_pairs(const RlOptions& o, const rl::PromptMaker& maker);

// "1,204 pairs to learn from (...), 60 to validate on; left out: ...".
std::string text(const RlOptions& o, const Pairs& p);

}  // namespace rm::rmrl
