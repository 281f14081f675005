// Chains as a trainer sees them: token ids, and where the part to be learned begins.
//
// Reads the records that `rm-distill teach` and `correct` write (only kept chains), and four shapes of others: {messages} whose
// last turn is the response, {messages, response}, {context_messages, sft_response}, and RM-R1's published set, whose response
// stands in a long `winner`. What people and models wrote is content: it never becomes a special token; plain added tokens
// ("<think>") of the response are matched, as a model writes them. Pure; one thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/records/pair.h"
#include "lib/text/chat.h"
#include "lib/text/tokenizer.h"

namespace rm::tune {

enum class Mask {
  kResponse,
  kHeader
};  // kHeader: the loss also covers what opens the assistant's turn, as upstream's does

// The text of a record, before tokens.
struct ChainText {
  std::vector<text::Message> messages;  // the prompt
  std::string response;
  std::optional<char> verdict;  // 'A' or 'B', where the record says which is right; for validation
};

struct Example {
  std::vector<std::int32_t> ids;  // prompt, response, end of turn
  std::int64_t prompt = 0;        // tokens of the prompt, the assistant's header included: a model writes from here
  std::int64_t targets = 0;       // the first token the loss covers; >= 1
  std::optional<char> verdict;
};

// Exit::kInput: reason "not_kept" for a chain that was not kept, "no_response", "empty" for a response of nothing, and what
// read_chain() says.
Result<ChainText> read_chain_text(const json::Value& record, const records::FieldMap& map);

// Exit::kInput: "too_long" (names both lengths) beyond max_length (0: any), "bad_messages", "wrong_vocabulary" for a token the model lacks,
// "no_targets".
Result<Example> make_example(const ChainText& chain, const text::Tokenizer& tokenizer, const text::ChatTemplate& chat,
                             Mask mask, std::int64_t max_length, std::int64_t vocab);

}  // namespace rm::tune
