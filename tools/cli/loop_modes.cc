// What becomes of a record's task: asked, or shown, measured or written to a batch instead.
#include <algorithm>

#include "tools/cli/loop.h"

namespace rm::cli {

Mode mode_of(const Common& c, const Model& m, bool show_prompt) {
  if (!m.emit_batch.empty()) return Mode::kEmitBatch;
  if (show_prompt) return Mode::kShowPrompt;
  return c.dry_run ? Mode::kDryRun : Mode::kAsk;
}

OnError on_error_of(const Common& c) {
  return c.on_error == "skip" ? OnError::kSkip : c.on_error == "stop" ? OnError::kStop : OnError::kRecord;
}

Result<void> Loop::ask(const std::shared_ptr<Item>& item, const std::shared_ptr<generate::Task>& task) {
  if (o_.mode == Mode::kShowPrompt) return show(*item, *task);
  if (o_.mode == Mode::kDryRun) return measure(*item, *task);
  if (o_.mode == Mode::kEmitBatch) return emit(*item, *task);
  asked_.emplace(task.get(), item);
  runner_->add(task);
  return {};
}

Result<void> Loop::show(Item& item, generate::Task& task) {
  std::string last;
  for (const generate::Request& r : task.next()) {
    RM_ASSIGN(const generate::Tokenized t, generator_->show(r));
    if (t.text == last) continue;  // samples share one prompt
    last = t.text;
    std::string& out = item.finished.line;
    if (!out.empty()) out += '\n';
    json::Writer w(out);
    w.begin_object().member("line", item.line.number);
    work_.describe(task, r.id, w);
    w.member("tokens", static_cast<std::uint64_t>(t.ids.size())).member("text", t.text).key("ids").begin_array();
    for (const std::int32_t id : t.ids) w.value(static_cast<std::int64_t>(id));
    w.end_array().end_object();
  }
  item.done = true;
  return {};
}

Result<void> Loop::measure(Item& item, generate::Task& task) {
  Sizes& s = outcome_.sizes;
  for (const generate::Request& r : task.next()) {
    RM_ASSIGN(const generate::Tokenized t, generator_->show(r));
    const auto n = static_cast<std::int64_t>(t.ids.size());
    ++s.prompts;
    s.tokens += n;
    s.longest = std::max(s.longest, n);
    if (generator_->context() > 0 && n >= generator_->context()) ++s.too_long;
  }
  item.done = item.skip = true;
  return {};
}

Result<void> Loop::emit(Item& item, generate::Task& task) {
  for (const generate::Request& r : task.next()) {
    RM_TRY(batch_->add(r));
    ++outcome_.sizes.prompts;
  }
  item.done = item.skip = true;
  return {};
}

}  // namespace rm::cli
