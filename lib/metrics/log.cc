#include "lib/metrics/log.h"

#include "lib/base/escape.h"
#include "lib/base/fd.h"
#include "lib/base/json.h"
#include "lib/records/lines.h"

namespace rm::metrics {
namespace {

struct Kept {
  records::WriterOptions options;
  std::optional<std::int64_t> validated;
};

// The part of an earlier run's file that stays.
Result<Kept> kept(const std::string& path, std::int64_t step) {
  Kept out;
  const auto kind = fd::kind_of_path(path);
  if (!kind || !kind->regular || kind->size == 0) return out;
  RM_ASSIGN(records::Lines in, records::Lines::open(path));
  records::Line line;
  json::Document document;
  for (;;) {
    RM_ASSIGN(const bool more, in.next(line));
    if (!more || !line.terminated) return out;
    RM_ASSIGN(const json::Value value, records::parse_line(document, line, in.name()));
    const auto at = value.find("step");
    const auto number = at ? at->integer() : std::nullopt;
    if (!number) {
      return make_error(
          Exit::kInput, "no_step",
          "has no whole number \"step\", so this is no file of metrics to go on with; choose another name",
          in.name() + ":" + std::to_string(line.number));
    }
    if (*number > step) return out;
    out.options.keep = line.end;
    out.options.lines = line.number;
    value.each_member([&](std::string_view name, json::Value) {
      if (name.starts_with(kValidationPrefix)) out.validated = number;
    });
  }
}

}  // namespace

Result<Log> Log::open(const std::string& path, std::optional<std::int64_t> resumed) {
  Kept before;
  if (resumed && path != "-") {
    if (path.ends_with(".zst") || path.ends_with(".gz")) {
      return make_error(Exit::kUsage, "cannot_resume",
                        "compressed metrics cannot be continued; use a plain file where a run may be resumed",
                        escape_text(path));
    }
    RM_ASSIGN(before, kept(path, *resumed));
  }
  RM_ASSIGN(records::Writer out, records::Writer::open(path, before.options));
  return Log(std::move(out), before.validated);
}

Result<void> Log::write(const Record& r) { return write(r.json()); }

Result<void> Log::write(std::string_view json) {
  RM_TRY(out_.write(json));
  return out_.flush();
}

Result<void> Log::sync() { return out_.sync(); }

Result<void> Log::close() { return out_.close(); }

}  // namespace rm::metrics
