// The judge's prompt: our own wording with RM-R1's tags, or any set read with --prompt.
//
// Two forms: kCor (chain of rubrics, system + user, for instruct models) and kPlain (one user turn, for reasoning models).
// Slots are filled with the answers' text as it is; what an answer contains never changes the frame. Immutable.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/records/pair.h"
#include "lib/text/chat.h"

namespace rm::judge {

enum class Form { kCor, kPlain };

class PromptSet {
 public:
  static PromptSet built_in();
  // {system?, user, user_multi_turn?} with the slots of design section 2, or the published file's key names.
  // Exit::kUsage naming the file, the key or the missing slot.
  static Result<PromptSet> read(const std::string& path);

  // The messages a judge reads. `swapped`: answer[1] is shown as A. A rendered pair passes through (swapped must be false).
  std::vector<text::Message> messages(const records::Pair& p, bool swapped, Form form) const;
  std::string id(Form form) const;  // short hash of wording and form, for judgment.prompt_id

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace rm::judge
