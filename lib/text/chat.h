// Chat templates as data: which strings stand around each turn, for the families we know and for --chat files.
//
// Recognised from the Jinja text a model ships (by its markers, never by running it). Unknown is an error that names
// --chat. A template renders messages to segments: its own text is control, what people and models wrote is content.
// Immutable; safe from any thread.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/text/tokenizer.h"

namespace rm::text {

struct Message {
  std::string role;  // "system", "user", "assistant"
  std::string content;
  bool operator==(const Message&) const = default;
};

class ChatTemplate {
 public:
  // From the Jinja text of tokenizer_config.json, chat_template.jinja or GGUF. `bos` is the text of the bos token.
  // Exit::kModel, reason "unknown_template".
  static Result<ChatTemplate> recognise(std::string_view jinja, std::string_view bos);
  static Result<ChatTemplate> from_json(std::string_view file_text);  // a --chat file: rm-judge(1), "CHAT TEMPLATES"

  // Error (Exit::kInput, reason "bad_messages") for a role or an order the official template refuses.
  Result<std::vector<Segment>> render(std::span<const Message> messages, bool add_generation_prompt) const;

  std::string_view family() const;        // "chatml-qwen2.5", "llama3", "deepseek-r1", ...
  bool reasoning_model() const;           // DeepSeek-R1 distillations: default to --form plain
  std::vector<std::string> stop_strings() const;  // tokens that end an assistant turn, e.g. "<|im_end|>"

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace rm::text
