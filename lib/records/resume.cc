#include "lib/records/resume.h"

#include <optional>

#include "lib/base/escape.h"
#include "lib/base/fd.h"
#include "lib/base/json.h"
#include "lib/records/failure.h"
#include "lib/records/splice.h"

namespace rm::records {
namespace {

// What identifies a record before and after it was processed.
struct Identity {
  std::uint64_t hash = 0;           // of a record that parsed
  std::optional<std::string> text;  // JSON string of what a line that did not parse leaves in its failure
  bool operator==(const Identity&) const = default;
};

Identity input_identity(json::Document& doc, const Line& line, const std::string& name,
                        std::span<const std::string_view> own) {
  if (parse_line(doc, line, name)) return {original_hash(line.text, own), std::nullopt};
  Identity out;
  json::append_string(out.text.emplace(), failure_text(line));
  return out;
}

Identity output_identity(const json::Value& value, const Line& line, std::span<const std::string_view> own) {
  const auto error = value.find("error");
  const auto text = error && value.size() == 1 ? error->find("text") : std::nullopt;
  if (!text || !text->string()) return {original_hash(line.text, own), std::nullopt};
  Identity out;
  json::append_string(out.text.emplace(), *text->string());
  return out;
}

Error mismatch(const std::string& name, const Line& line, const std::string& what) {
  return make_error(Exit::kInput, "resume_mismatch",
                    what + "; resume only with the same input, or choose another output",
                    name + ":" + std::to_string(line.number));
}

bool has_suffix(std::string_view s, std::string_view suffix) {
  return s.size() >= suffix.size() && s.substr(s.size() - suffix.size()) == suffix;
}

}  // namespace

Result<Resumed> resume(const std::string& out_path, Lines& in, std::span<const std::string_view> own, bool gaps) {
  if (out_path == "-")
    return make_error(Exit::kUsage, "cannot_resume", "--resume needs a file given with -o", "--resume");
  if (has_suffix(out_path, ".zst") || has_suffix(out_path, ".gz")) {
    return make_error(Exit::kUsage, "cannot_resume",
                      "a compressed output cannot be continued; use a plain file with --resume", escape_text(out_path));
  }
  Resumed r;
  const auto kind = fd::kind_of_path(out_path);
  if (!kind || kind->size == 0) return r;
  RM_ASSIGN(Lines out, Lines::open(out_path));
  json::Document out_doc, in_doc;
  Line answer, record;
  for (;;) {
    RM_ASSIGN(const bool more, out.next(answer));
    if (!more) break;
    const auto value = answer.terminated ? parse_line(out_doc, answer, out.name()) : Result<json::Value>(Error{});
    if (!value) {
      // Only the end of a file can be torn; behind something broken nothing may follow.
      const Line broken = answer;
      RM_ASSIGN(const bool follows, out.next(answer));
      if (follows) return mismatch(out.name(), broken, "is no whole record, though others follow it");
      r.torn = true;
      break;
    }
    const Identity wanted = output_identity(*value, answer, own);
    for (bool found = false; !found;) {
      RM_ASSIGN(const bool left, in.next(record));
      if (!left) return mismatch(out.name(), answer, "answers no record of the input");
      found = input_identity(in_doc, record, in.name(), own) == wanted;
      if (!found && !gaps) {
        return mismatch(out.name(), answer,
                        "does not answer line " + std::to_string(record.number) + " of " + in.name());
      }
    }
    ++r.lines;
    r.keep = answer.end;
    r.failed += value->find("error").has_value();
  }
  return r;
}

}  // namespace rm::records
