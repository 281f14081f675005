// A chat template as data: the strings around each turn and the few habits in which families differ.
//
// Made by recognising a model's Jinja text (chat_family.cc) or from a --chat file (chat_json.cc); rendered by chat.cc.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace rm::text {

struct Around {
  std::string before, after;
};

// Which part of an assistant's earlier turn a template shows.
enum class Thoughts {
  kKeep,
  kDrop,         // all but what follows the last </think> (DeepSeek-R1)
  kDropEarlier,  // the same with newlines trimmed, but the last message stays whole (QwQ)
  kQwen3,        // thoughts since the last question are written out again, earlier ones dropped
};

// Where system messages go.
enum class SystemPlace {
  kInOrder,
  kHeader,  // the first message shares one header with `system_lead`, which is always there (Llama 3.1)
  kStart,   // the last one of the conversation, bare, at the very start (DeepSeek-R1)
};

struct Family {
  std::string name;
  std::string start;
  std::optional<Around> system, user, assistant;  // a role without one is refused
  std::optional<std::string> default_system;
  std::string system_lead;
  SystemPlace place = SystemPlace::kInOrder;
  Thoughts thoughts = Thoughts::kKeep;
  bool trim = false;
  bool needs_message = false;  // the official template fails on an empty conversation
  std::string generation;
  std::string thinking_off, thinking_unset;  // follow `generation` for Thinking::kOff and kUnset
  std::vector<std::string> stops;
  bool reasoning = false;
};

// By markers in the text, which is never run. Exit::kModel, reason "unknown_template".
Result<Family> recognise_family(std::string_view jinja, std::string_view bos);
// Exit::kModel, reason "bad_template".
Result<Family> family_from_json(std::string_view file_text);

}  // namespace rm::text
