// Finds our field names in a record: at the top, or where --map says. Internal to the readers of pairs and candidates.
//
// Error messages name the field as the user knows it: the name, or the mapped path.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/records/pair.h"

namespace rm::records {

struct Found {
  std::string name;  // as shown in messages, with quotes
  json::Value value;
};

class FieldFinder {
 public:
  FieldFinder(const json::Value& record, const FieldMap& map) : record_(record), map_(map) {}
  // The field of this name; a null counts as absent.
  std::optional<Found> find(std::string_view name) const;
  // The first of several names that is there.
  std::optional<Found> first_of(std::initializer_list<std::string_view> names) const;
  // The keys at the top of the record, for messages; bounded.
  std::string seen() const;

 private:
  const json::Value& record_;
  const FieldMap& map_;
};

Error record_error(std::string reason, std::string message);
Error wrong_type(const Found& f, const char* expected);

// "prompt", "question" or "instruction".
std::optional<Found> prompt_field(const FieldFinder& f);
Error missing_field(const FieldFinder& f, const char* there, const char* absent);

// The prompt, ending in a user's turn, and an answer, ending in the assistant's; none of them empty.
Result<void> check_prompt(const std::vector<Message>& turns, const std::string& name);
Result<void> check_answer(const std::vector<Message>& turns, const std::string& name);
Result<std::vector<Message>> read_prompt(const Found& f);
Result<std::vector<Message>> read_answer(const Found& f);

// A list of {role, content} or {from, value}; human and gpt are read as user and assistant.
Result<std::vector<Message>> read_messages(const Found& f);
// A string as one turn of `role`, or a list of messages.
Result<std::vector<Message>> read_turns(const Found& f, const char* role);

}  // namespace rm::records
