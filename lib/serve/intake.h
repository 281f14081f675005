// From the body of a request to jobs: which records it holds, how they are to be judged, and what was wrong with each.
//
// Knows nothing of sockets. Reads on the request's thread; the jobs hold all they need afterwards.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/json.h"
#include "lib/judge/job.h"
#include "lib/judge/prompt.h"
#include "lib/records/pair.h"
#include "lib/serve/choices.h"
#include "lib/serve/head.h"

namespace rm::serve {

// What the server judges with; outlives every request.
struct Judging {
  const judge::PromptSet* prompts = nullptr;
  judge::Settings settings;
  records::FieldMap map;
};

struct Entry {
  std::string text;  // the record, as it came; empty where the line was none
  std::shared_ptr<judge::Job> job;
  std::string failure;  // instead of a job: the record with its error, ready to be sent
};

enum class Shape { kOne, kMany, kLines };

struct Intake {
  Shape shape = Shape::kOne;
  bool stream = false;
  judge::Settings settings;
  std::vector<Entry> entries;
};

// A record; {"record": {...}} or {"records": [...]} with "options" and "stream" beside; or lines of records where the
// content type says ndjson or jsonl. Errors are about the whole request: reasons "bad_json", "bad_request", "bad_option",
// "too_many_records"; a bad record is no error here but an entry with a failure.
Result<Intake> read_body(const Head& head, std::string_view body, const Judging& judging, const Limits& limits);

Entry make_entry(std::string text, const json::Value& record, std::uint64_t number, const Judging& judging,
                 const judge::Settings& settings);

// The record with `judgment`, `rewards` and, where there are any, `warnings`.
std::string judged_record(const Entry& e, const judge::Settings& s);
std::string failed_record(const Entry& e, const Error& error, std::uint64_t number);

}  // namespace rm::serve
