#include "tools/cli/record_run.h"

#include <optional>

#include "lib/base/json.h"
#include "lib/records/lines.h"
#include "lib/records/resume.h"
#include "tools/cli/report.h"

namespace rm::cli {
namespace {

Outcome failed(const Error& e) {
  Outcome o;
  o.error = e;
  return o;
}

std::string sizes_json(const Outcome& o, std::int64_t context) {
  std::string out;
  json::Writer w(out);
  w.begin_object().member("records", o.records).member("failed", o.failed).member("prompts", o.sizes.prompts);
  w.member("prompt_tokens", o.sizes.tokens)
      .member("longest_prompt", o.sizes.longest)
      .member("too_long", o.sizes.too_long);
  w.member("context", context).end_object();
  return out;
}

}  // namespace

Outcome run_records(const RecordRun& r, generate::Generator* generator, Work& work) {
  const OnError on_error = on_error_of(*r.common);
  auto lines = records::Lines::open(r.common->in, r.shard);
  if (!lines) return failed(lines.error());
  records::WriterOptions kept;
  kept.input = r.common->in;
  std::uint64_t failed_before = 0;
  if (r.length->resume) {
    auto done = records::resume(r.common->out, *lines, r.own, on_error == OnError::kSkip);
    if (!done) return failed(done.error());
    kept.keep = done->keep;
    kept.lines = done->lines;
    failed_before = done->failed;
  }
  auto out = records::Writer::open(r.common->out, kept);
  if (!out) return failed(out.error());

  std::optional<generate::BatchWriter> batch;
  if (r.mode == Mode::kEmitBatch) {
    auto opened = generate::BatchWriter::create(r.model->emit_batch, r.model->api_model);
    if (!opened) return failed(opened.error());
    batch.emplace(*std::move(opened));
  }
  Progress progress({.quiet = r.common->quiet});
  progress.skip(kept.lines);
  records::ReadAhead in(std::move(*lines));
  Loop loop(in, *out, generator, work, {r.mode, on_error, r.common->quiet, r.stale}, &progress);
  loop.resumed(kept.lines);
  if (batch) loop.emit_to(*batch);
  Outcome end = loop.run([&r](const std::string& message) { warn(r.program, message); });
  progress.finish();
  end.failed += failed_before;
  if (r.mode == Mode::kDryRun && !end.error) {
    if (auto w = out->write(sizes_json(end, generator->context())); !w) end.error = w.error();
  }
  if (batch) {
    if (auto closed = batch->close(); !closed && !end.error) end.error = closed.error();
  }
  if (auto closed = out->close(); !closed && (!end.error || end.error->exit == Exit::kDone)) end.error = closed.error();
  return end;
}

Result<void> check_outputs(const Common& c, const Length& l, const Model& m) {
  if (l.resume && c.out == "-") return usage("needs a file to go on with: name it with -o", "--resume");
  if (!c.summary.empty() && (c.summary == c.out || c.summary == c.in))
    return usage("would overwrite the records: give the summary a file of its own", "--summary");
  const bool emits = !m.emit_batch.empty();
  if (emits && !m.from_batch.empty())
    return usage("write a batch or read one, not both", "--emit-batch and --from-batch");
  if (emits && c.out != "-") return usage("writes no records; -o has no use", "--emit-batch");
  return {};
}

}  // namespace rm::cli
