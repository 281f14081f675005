#include "lib/serve/intake.h"

#include <array>
#include <utility>

#include "lib/base/limits.h"
#include "lib/records/failure.h"
#include "lib/records/line.h"
#include "lib/records/splice.h"

namespace rm::serve {
namespace {

using records::Line;

constexpr std::array<std::string_view, 4> kOurs{"judgment", "rewards", "warnings", "error"};
constexpr std::array<std::string_view, 1> kStream{"stream"};

Error bad_request(std::string message) { return make_error(Exit::kInput, "bad_request", std::move(message)); }

Error too_many(const Limits& limits) {
  return make_error(Exit::kInput, "too_many_records",
                    "a request holds at most " + std::to_string(limits.records) + " records");
}

Entry failed_entry(const Line& line, const Error& error) {
  Entry e;
  e.failure = records::failure(line, error, kOurs);
  return e;
}

Result<void> read_lines(Intake& in, std::string_view body, const Judging& judging, const Limits& limits) {
  json::Document doc;
  Line line;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t end = std::min(body.find('\n', at), body.size());
    std::string_view text = body.substr(at, end - at);
    if (!text.empty() && text.back() == '\r') text.remove_suffix(1);
    ++line.number;
    line.byte = at;
    line.terminated = end < body.size();
    at = end + 1;
    if (text.find_first_not_of(" \t") == std::string_view::npos) continue;
    if (in.entries.size() >= limits.records) return too_many(limits);
    line.text = text;
    if (const auto record = records::parse_line(doc, line, "body"); !record) {
      in.entries.push_back(failed_entry(line, record.error()));
    } else {
      in.entries.push_back(make_entry(line.text, *record, line.number, judging, in.settings));
    }
  }
  return {};
}

Result<void> read_list(Intake& in, const json::Value& list, const Judging& judging, const Limits& limits) {
  if (!list.is(json::Type::kArray)) return bad_request(R"("records" must be an array)");
  if (list.size() > limits.records) return too_many(limits);
  list.each_item([&](std::size_t i, json::Value v) {
    Line line;
    line.number = i + 1;
    line.text = v.dump();
    if (v.is(json::Type::kObject)) {
      in.entries.push_back(make_entry(std::move(line.text), v, line.number, judging, in.settings));
    } else {
      in.entries.push_back(failed_entry(
          line,
          make_error(Exit::kInput, "not_object", std::string("a record is an object; this is ") + name(v.type()))));
    }
  });
  return {};
}

Result<void> read_envelope(Intake& in, const json::Value& root, const Judging& judging, const Limits& limits) {
  Choices c{in.settings, std::nullopt};
  std::optional<Error> unknown;
  root.each_member([&](std::string_view key, json::Value) {
    if (!unknown && key != "record" && key != "records" && key != "options" && key != "stream")
      unknown = bad_request(R"(beside "record" or "records" there may be only "options" and "stream")");
  });
  if (unknown) return *unknown;
  if (const auto options = root.find("options")) RM_TRY(choose_by_object(c, *options, limits));
  if (const auto stream = root.find("stream")) c.stream = stream->boolean().value_or(false);
  in.settings = c.settings;
  in.stream = in.stream || c.stream.value_or(false);
  if (const auto list = root.find("records")) {
    in.shape = Shape::kMany;
    return read_list(in, *list, judging, limits);
  }
  const auto record = root.find("record");
  if (!record->is(json::Type::kObject)) return bad_request(R"("record" must be an object)");
  in.entries.push_back(make_entry(record->dump(), *record, 1, judging, in.settings));
  return {};
}

}  // namespace

Entry make_entry(std::string text, const json::Value& record, std::uint64_t number, const Judging& judging,
                 const judge::Settings& settings) {
  Entry e;
  e.text = std::move(text);
  auto job = judge::make_job(record, judging.map, *judging.prompts, settings);
  if (!job) {
    e.failure = failed_record(e, job.error(), number);
    return e;
  }
  e.job = std::move(*job);
  return e;
}

Result<Intake> read_body(const Head& head, std::string_view body, const Judging& judging, const Limits& limits) {
  Intake in;
  Choices c{judging.settings, std::nullopt};
  RM_TRY(choose_by_query(c, head.query, limits));
  in.settings = c.settings;
  in.stream = c.stream.value_or(head.accepts("text/event-stream"));
  if (head.content_is("application/x-ndjson") || head.content_is("application/jsonl") ||
      head.content_is("application/jsonlines") || head.content_is("application/x-jsonlines")) {
    in.shape = Shape::kLines;
    RM_TRY(read_lines(in, body, judging, limits));
    return in;
  }
  json::Document doc;
  RM_ASSIGN(const json::Value root, doc.parse(body));
  if (!root.is(json::Type::kObject))
    return bad_request(std::string("the body is ") + name(root.type()) +
                       "; expected a record, {\"records\": [...]}, or lines as application/x-ndjson");
  if (root.find("records") || root.find("record")) {
    RM_TRY(read_envelope(in, root, judging, limits));
    return in;
  }
  if (const auto stream = root.find("stream"); stream && stream->boolean()) {
    in.stream = *stream->boolean();
    in.entries.push_back(make_entry(records::splice(body, {}, kStream), root, 1, judging, in.settings));
    return in;
  }
  in.entries.push_back(make_entry(std::string(body), root, 1, judging, in.settings));
  return in;
}

std::string judged_record(const Entry& e, const judge::Settings& s) {
  const records::Judgment& j = e.job->judgment();
  return judge::judged_record(e.text, j, e.job->warnings(), judge::rewards(j, s));
}

std::string failed_record(const Entry& e, const Error& error, std::uint64_t number) {
  Line line;
  line.number = number;
  line.text = e.text;
  return records::failure_record(line, error, kOurs);
}

}  // namespace rm::serve
