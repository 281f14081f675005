// The judge's prompt: our own wording with RM-R1's tags, or any set read with --prompt.
//
// Two forms: kCor (chain of rubrics, system + user, for instruct models) and kPlain (one user turn, for reasoning models).
// Slots are filled in one pass with the answers' text as it is; what an answer contains never changes the frame, and a slot's
// name inside an answer stays text. Immutable; copies share; safe from any thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/records/pair.h"
#include "lib/text/chat.h"

namespace rm::judge {

enum class Form { kCor, kPlain };
std::optional<Form> parse_form(std::string_view name);  // cor, plain
const char* name(Form form);

class PromptSet {
 public:
  static PromptSet built_in();
  // {system?, user, user_multi_turn?} with the slots of design section 2, used for both forms; or the published file's key
  // names, where each form has its own. Exit::kUsage naming the file, the key or the missing slot.
  static Result<PromptSet> read(const std::string& path);
  // The same from the text of such a file; `where` is put into errors.
  static Result<PromptSet> parse(std::string_view json_text, const std::string& where);

  // Whether the set can judge this pair in this form: reason "no_form" (Exit::kUsage) or "no_multi_turn" (Exit::kInput).
  Result<void> can_show(const records::Pair& p, Form form) const;
  bool has(Form form) const;

  // The messages a judge reads. `swapped`: answer[1] is shown as A. A rendered pair passes through (swapped must be false).
  // A pair with a rubric gets the wording for one: ours, or the file's {rubric_system?, rubric_user, rubric_user_multi_turn?}
  // with the slot {rubric} besides the others. Needs can_show.
  std::vector<text::Message> messages(const records::Pair& p, bool swapped, Form form) const;
  // The messages that ask for a rating of one answer on a scale from `low` to `high`: the built-in wording, or the file's
  // {rating_system?, rating_user} with the slots {question}, {answer}, {low} and {high}. A conversation stands where the
  // question does, and the answer is its last turn.
  std::vector<text::Message> rating_messages(const std::vector<text::Message>& prompt,
                                             const std::vector<text::Message>& answer, int low, int high,
                                             Form form) const;
  std::string rating_id(Form form) const;
  // Short hash of wording and form, for judgment.prompt_id; `rubric`: of the wording for pairs with one.
  std::string id(Form form, bool rubric = false) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace rm::judge
