// A chain of reasoning that a teacher wrote for a labelled pair: plain data, its JSON form, and back.
//
// Three fields of a record: `messages` is the prompt the student will see, and nothing else ever; `response` is what it is to
// learn to write, there only where the chain is kept; `chain` says how it came about.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/records/splice.h"
#include "lib/text/chat.h"

namespace rm::records {

enum class ChainStatus { kKept, kWrong, kLeak, kFailed };
const char* name(ChainStatus s);  // kept, wrong, leak, failed

struct Chain {
  ChainStatus status = ChainStatus::kFailed;
  std::string reason =
      "ok";               // why it is not kept: other_verdict, no_verdict, conflict, length, told; or an error's code
  int pass = 1;           // 2: the teacher was told the verdict
  std::string teacher;    // model that wrote it
  char verdict = 'A';     // the right one, in the order that `messages` shows
  std::string filter;     // distill, strict
  std::string prompt_id;  // of the student's prompt
  std::uint64_t seed = 0;
  std::int64_t prompt_tokens = 0, completion_tokens = 0;  // of this pass
  std::string reasoning;                                  // what a server parted from the response
  std::optional<std::string> wrong_response;              // the first pass's judgement, where it was not kept
  std::optional<std::string> second_response;             // the second's, where it was not kept either
  std::optional<std::string> told_by;                     // words by which a chain says that it was told the verdict
};

struct ChainRecord {
  std::vector<text::Message> messages;
  std::optional<std::string> response;
  Chain chain;
};

// What a record is to get: messages, response where there is one, chain. With `messages` false those stay as they stand.
std::vector<Field> chain_fields(const ChainRecord& r, bool messages = true);
// `line` with these fields, without an error and a response that an earlier run left.
std::string chain_record(std::string_view line, const ChainRecord& r, bool messages = true);
// The names of all that teach and correct put into records; those that are theirs alone, without `error`.
std::span<const std::string_view> own_chain_fields();
std::span<const std::string_view> chain_names();

bool has_chain(const json::Value& record);
// Of a record that teach or correct wrote. Exit::kInput: "missing_field" without messages or chain, "bad_chain" where they are not
// what they should be.
Result<ChainRecord> read_chain(const json::Value& record);

}  // namespace rm::records
