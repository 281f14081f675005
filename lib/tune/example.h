// Chains as a trainer sees them: token ids, and where the part to be learned begins.
//
// Reads the records that `rm-distill teach` and `correct` write (only kept chains), and four shapes of others: {messages} whose
// last turn is the response, {messages, response}, {context_messages, sft_response}, and RM-R1's published set, whose response
// stands in a long `winner`. What people and models wrote is content: it never becomes a special token; plain added tokens
// ("<think>") of the response are matched, as a model writes them. Pure; any thread.
//
// The ids are those of judging: the prompt as it is rendered for a reply, then the response as a forced reply, then the token that
// ends the turn and nothing behind it. Where the template itself opens a thought, a response that opens it again loses its own
// "<think>"; one that opens none goes on as it stands, for that is what a model writes there and a judge reads.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/records/pair.h"
#include "lib/text/chat.h"
#include "lib/text/tokenizer.h"

namespace rm::tune {

// kHeader: the loss also covers what opens the assistant's turn, as upstream's does.
enum class Mask { kResponse, kHeader };
std::optional<Mask> parse_mask(std::string_view name);  // response, header
const char* name(Mask m);

// The text of a record, before tokens.
struct ChainText {
  std::vector<text::Message> messages;  // the prompt
  std::string response;
  // 'A' or 'B', for validation: what the record says is right, else what the response decides for (strict), else empty.
  std::optional<char> verdict;
};

struct Example {
  std::vector<std::int32_t> ids;  // prompt, response, end of turn
  std::int64_t prompt = 0;        // tokens of the prompt, the assistant's header included: a model writes from here
  std::int64_t targets = 0;       // the first token the loss covers; >= 1
  std::optional<char> verdict;
};

// Exit::kInput: reason "not_kept" for a chain that was not kept or a failure record, "no_response", "empty" for a response of
// white space alone, what read_chain() says, and "missing_field", "wrong_type", "bad_role" of a shape that is not complete.
Result<ChainText> read_chain_text(const json::Value& record, const records::FieldMap& map);

// Exit::kInput: "too_long" (names both lengths) beyond max_length (0: any), "bad_messages", "empty", "no_targets" where nothing
// stands before the first token to be learned. Exit::kModel: "wrong_vocabulary" for a token the model lacks, "no_end" where neither
// template nor tokenizer names a token that ends a turn.
Result<Example> make_example(const ChainText& chain, const text::Tokenizer& tokenizer, const text::ChatTemplate& chat,
                             Mask mask, std::int64_t max_length, std::int64_t vocab);

}  // namespace rm::tune
