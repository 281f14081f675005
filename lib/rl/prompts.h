// Labelled pairs as reinforcement learning sees them: a prompt in tokens, and the verdict that is right.
//
// The prompt is that of judging, in the order that judging would show (judge/judge.h, swapped_order()), or in both for validation.
// Answers stay content: no text of theirs becomes a special token. Pure; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/judge/judge.h"
#include "lib/records/pair.h"
#include "lib/text/chat.h"
#include "lib/text/tokenizer.h"

namespace rm::rl {

struct Prompt {
  std::vector<std::int32_t> ids;
  judge::Side label = judge::Side::kA;
  std::size_t record = 0;  // which record it is of, in Prompts::lines
  bool swapped = false;    // answer[1] is shown as A
};

struct PromptMaker {
  text::Tokenizer tokenizer;
  text::ChatTemplate chat;
  judge::PromptSet wording;
  judge::Settings settings;  // form, seed, shuffle
  records::FieldMap map;
  std::int64_t vocab = 0;           // of the model
  std::int64_t most_tokens = 4096;  // longer prompts are an error; 0: any

  // Exit::kInput: "no_label", "tied", "too_long" (names both lengths), "empty", and what read_pair(), PromptSet::can_show() and the
  // chat template say; Exit::kModel "wrong_vocabulary".
  Result<Prompt> make(const records::Pair& pair, bool swapped) const;
  // In the order of judging; `both`: the other way round too, unless the record's prompt is rendered already.
  Result<std::vector<Prompt>> read(const json::Value& record, bool both) const;
};

}  // namespace rm::rl
