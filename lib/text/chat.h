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

// What a template that asks `enable_thinking` is told. Reasoning judges think, so render says kOn; kUnset is what
// jinja2 shows when nobody says anything (QwQ and DeepSeek-R1-Distill-Qwen then close the thought at once, Qwen3 does
// not).
enum class Thinking { kOn, kOff, kUnset };

class ChatTemplate {
 public:
  // From the Jinja text of tokenizer_config.json, chat_template.jinja or GGUF. `bos` is the text of the bos token.
  // Exit::kModel, reason "unknown_template".
  static Result<ChatTemplate> recognise(std::string_view jinja, std::string_view bos);

  // A --chat file, one JSON object; every string is control text and may hold the model's added tokens:
  //   "name"            what family() says; default "custom"
  //   "start"           before everything, e.g. the bos token
  //   "system", "user", "assistant"   [before, after]: what stands around a turn; a role that is left out is refused
  //   "generation"      what opens the turn that the model is to write (required)
  //   "stop"            [token, ...]: what ends a turn (required, at least one)
  //   "default_system"  written as a system turn when the first message is none
  //   "trim"            true: white space at both ends of a content is dropped
  //   "thoughts"        "keep" (default), or "drop": only what follows an assistant's last </think> is shown
  //   "reasoning"       true: the model wants --form plain
  // Exit::kModel, reason "bad_template", naming the key.
  static Result<ChatTemplate> from_json(std::string_view file_text);

  // Error (Exit::kInput, reason "bad_messages") for a role or an order the official template refuses.
  // A date that a template prints is the fixed one it names itself: the same prompt on any day.
  Result<std::vector<Segment>> render(std::span<const Message> messages, bool add_generation_prompt,
                                      Thinking thinking = Thinking::kOn) const;

  std::string_view family() const;                // "chatml-qwen2.5", "llama3", "deepseek-r1", ...
  bool reasoning_model() const;                   // DeepSeek-R1 distillations: default to --form plain
  std::vector<std::string> stop_strings() const;  // tokens that end an assistant turn, e.g. "<|im_end|>"

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace rm::text
