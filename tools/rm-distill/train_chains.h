// Reads the chains of a training run, tells those to learn from those to validate on, and counts what is left out and why.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/tune/example.h"
#include "tools/rm-distill/train_options.h"
#include "tools/train/base.h"
#include "tools/train/reading.h"

namespace rm::rmdistill {

struct Chains {
  std::vector<tune::Example> learn, validate;
  std::vector<tune::ChainText> ask;  // of those to validate on, the first so many: the model judges them itself
  traincli::LeftOut left_out;
  std::uint64_t records = 0;
  std::int64_t learn_tokens = 0, targets = 0, longest = 0;  // longest of both kinds
  std::uint64_t failed() const;  // left out for anything but chain.status, which is a teacher's matter
  std::string hash() const;      // of what is learned, in order
};

// Exit::kInput where a file cannot be read, nothing is left to learn ("empty"), or a record is bad and --on-error stop asks for it;
// kModel for a vocabulary that does not fit. The first three of each reason are told by name unless --quiet.
Result<Chains> read_chains(const TrainOptions& o, const traincli::Lexicon& lexicon);

// Tokens that can run at once: of the longest `batch` chains to learn, or of all to validate on.
std::int64_t most_at_once(const Chains& c, std::int64_t batch);

// "1,204 chains to learn (1,034,112 tokens, ...), 60 to validate on; left out: ...".
std::string text(const Chains& c);

}  // namespace rm::rmdistill
