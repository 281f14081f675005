// Reads the chains of a training run, tells those to learn from those to validate on, and counts what is left out and why.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/text/chat.h"
#include "lib/text/tokenizer.h"
#include "lib/tune/example.h"
#include "tools/rm-distill/train_options.h"

namespace rm::rmdistill {

// What chains are made into tokens with.
struct Lexicon {
  text::Tokenizer tokenizer;
  text::ChatTemplate chat;
  std::int64_t vocab = 0;  // of the model
};

struct Chains {
  std::vector<tune::Example> learn, validate;
  std::vector<tune::ChainText> ask;  // of those to validate on, the first so many: the model judges them itself
  std::map<std::string, std::uint64_t> left_out;  // by reason: "too_long", "not_kept", "bad_json", ...
  std::uint64_t records = 0;
  std::int64_t learn_tokens = 0, targets = 0, longest = 0;  // longest of both kinds
  std::uint64_t failed() const;  // left out for anything but chain.status, which is a teacher's matter
  std::string hash() const;      // of what is learned, in order
};

// Exit::kInput where a file cannot be read, nothing is left to learn ("empty"), or a record is bad and --on-error stop asks for it;
// kModel for a vocabulary that does not fit. The first three of each reason are told by name unless --quiet.
Result<Chains> read_chains(const TrainOptions& o, const Lexicon& lexicon);

// Tokens that can run at once: of the longest `batch` chains to learn, or of all to validate on.
std::int64_t most_at_once(const Chains& c, std::int64_t batch);

// "1,204 chains to learn (1,034,112 tokens, ...), 60 to validate on; left out: ...".
std::string text(const Chains& c);

}  // namespace rm::rmdistill
