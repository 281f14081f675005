#include "lib/records/failure.h"

#include <algorithm>
#include <array>

#include "lib/base/json.h"
#include "lib/base/limits.h"
#include "lib/base/utf8_scan.h"
#include "lib/records/splice.h"

namespace rm::records {
namespace {

constexpr std::array<std::string_view, 7> kUnparsed{"bad_json",   "bad_utf8",      "too_deep",      "repeated_key",
                                                    "not_object", "line_too_long", "truncated_line"};

void write_error(json::Writer& w, const Line& line, const Error& error) {
  w.member("code", std::string_view(error.reason))
      .member("message", std::string_view(error.message))
      .member("line", line.number);
}

}  // namespace

std::string failure_record(const Line& line, const Error& error, std::span<const std::string_view> drop) {
  Field field{"error", {}};
  json::Writer w(field.json);
  w.begin_object();
  write_error(w, line, error);
  w.end_object();
  return splice(line.text, {&field, 1}, drop);
}

std::string_view failure_text(const Line& line) {
  return std::string_view(line.text).substr(0, utf8_floor(line.text, limits::kErrorTextBytes));
}

std::string failure_line(const Line& line, const Error& error) {
  std::string out;
  json::Writer w(out);
  w.begin_object().key("error").begin_object();
  write_error(w, line, error);
  w.member("text", failure_text(line));
  w.end_object().end_object();
  return out;
}

bool is_unparsed(const Error& error) {
  return std::find(kUnparsed.begin(), kUnparsed.end(), error.reason) != kUnparsed.end();
}

std::string failure(const Line& line, const Error& error, std::span<const std::string_view> drop) {
  return is_unparsed(error) ? failure_line(line, error) : failure_record(line, error, drop);
}

std::optional<StoredError> stored_error(const json::Value& record) {
  const auto error = record.find("error");
  if (!error || !error->is(json::Type::kObject)) return std::nullopt;
  StoredError out;
  if (const auto code = error->find("code")) out.code = code->string().value_or("");
  if (const auto message = error->find("message")) out.message = message->string().value_or("");
  return out;
}

}  // namespace rm::records
