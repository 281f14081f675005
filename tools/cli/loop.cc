#include "tools/cli/loop.h"

#include "lib/base/signals.h"
#include "lib/records/failure.h"

namespace rm::cli {
namespace {

constexpr std::size_t kWindowBytes = 256u << 20;

std::string place(const std::string& name, const records::Line& line) {
  return name + ":" + std::to_string(line.number);
}

}  // namespace

Loop::Loop(records::ReadAhead& in, records::Writer& out, generate::Generator* generator, Work& work,
           LoopOptions options, Progress* progress)
    : in_(in), out_(out), generator_(generator), work_(work), o_(options), progress_(progress) {
  if (generator_ != nullptr) runner_.emplace(*generator_);
}

Outcome Loop::run(const std::function<void(const std::string&)>& tell) {
  tell_ = &tell;
  while (step()) {
  }
  if (!outcome_.error && ended_) outcome_.error = ended_;
  if (runner_ && outcome_.error) runner_->cancel_all();
  return std::move(outcome_);
}

bool Loop::step() {
  if (signals::stop_requested()) stop_with(signals::stop_error());
  if (!outcome_.error) fill();
  if (!outcome_.error && runner_ && !asked_.empty()) ended(runner_->pump());
  flush();
  if (outcome_.error) return false;
  if (auto ticked = out_.tick(); !ticked) return stop_with(ticked.error()), false;
  if (progress_ != nullptr)
    progress_->update(outcome_.resumed + outcome_.records, outcome_.failed, work_.unparsed(), in_.fraction());
  return !input_done_ || !window_.empty();
}

bool Loop::room() const {
  const std::size_t wide = generator_ == nullptr ? 64 : 256 + 16 * generator_->capacity();
  return window_.size() < wide && window_bytes_ < kWindowBytes;
}

// Reads until the generator has enough to do. Waits for input only when there is nothing else to do.
void Loop::fill() {
  const auto idle = [this] { return window_.empty(); };
  while (!input_done_ && room() && hungry()) {
    records::Line line;
    auto got = in_.pop(line, idle());
    if (!got) {
      input_done_ = true;
      if (got.error().exit == Exit::kStopped || got.error().exit == Exit::kInterrupted) return stop_with(got.error());
      ended_ = got.error();
      return;
    }
    using Got = records::ReadAhead::Got;
    if (*got == Got::kEnd) input_done_ = true;
    if (*got != Got::kLine) return;
    if (auto why = work_.enough()) {
      input_done_ = true;
      ended_ = *std::move(why);
      return;
    }
    accept(std::move(line));
    if (outcome_.error) return;
    if (runner_) ended(runner_->send());
    if (outcome_.error || window_.front()->done) return;  // let it be written before more is read
  }
}

void Loop::accept(records::Line line) {
  auto item = std::make_shared<Item>();
  item->line = std::move(line);
  window_bytes_ += item->line.text.size();
  window_.push_back(item);
  auto begun = begin(item);
  if (begun) return;
  if (begun.error().exit != Exit::kInput) return stop_with(begun.error());
  fail(*item, begun.error(), nullptr);
}

Result<void> Loop::begin(const std::shared_ptr<Item>& item) {
  RM_ASSIGN(const json::Value record, records::parse_line(doc_, item->line, in_.name()));
  RM_ASSIGN(Begun begun, work_.begin(item->line, record));
  if (begun.task) return ask(item, begun.task);
  item->skip = o_.mode != Mode::kAsk;  // nothing to ask, nothing to show
  done(*item, std::move(begun.finished));
  return {};
}

void Loop::ended(const Result<Tasks>& tasks) {
  if (!tasks) return stop_with(tasks.error());
  for (const std::shared_ptr<generate::Task>& task : *tasks) {
    const auto it = asked_.find(task.get());
    if (it == asked_.end()) continue;
    const std::shared_ptr<Item> item = std::move(it->second);
    asked_.erase(it);
    task->failed ? fail(*item, *task->failed, task.get()) : finish(*item, *task);
  }
}

void Loop::finish(Item& item, generate::Task& task) {
  auto finished = work_.finish(item.line, task);
  if (finished) return done(item, *std::move(finished));
  if (finished.error().exit != Exit::kInput) return stop_with(finished.error());
  fail(item, finished.error(), &task);
}

void Loop::done(Item& item, Finished finished) {
  item.done = true;
  item.finished = std::move(finished);
  if (!item.finished.note.empty() && !o_.quiet) tell(place(in_.name(), item.line) + ": " + item.finished.note);
}

void Loop::fail(Item& item, const Error& e, const generate::Task* task) {
  item.failed = e;
  Error& named = *item.failed;
  if (named.where.empty()) named.where = place(in_.name(), item.line);
  item.done = true;
  item.skip = o_.on_error == OnError::kSkip || counts_only();
  if (o_.on_error == OnError::kStop) {
    item.skip = input_done_ = true;
    named.exit = Exit::kInput;
    if (item.line.number < first_bad_) first_bad_ = item.line.number, ended_ = named;
    return;
  }
  item.finished.line = records::failure(item.line, named, o_.stale);
  if (const auto fields = work_.failure_fields(task); !fields.empty())
    item.finished.line = records::splice(item.finished.line, fields);
  if (o_.quiet) return;
  std::string message = named.text();
  if (message.ends_with('.')) message.pop_back();
  if (!counts_only()) {
    message += item.skip ? ". The record was left out."
                         : ". The record was passed on with an error field (--on-error skip to leave it out).";
  }
  tell(message);
}

void Loop::tell(const std::string& message) {
  if (progress_ != nullptr) progress_->erase();
  (*tell_)(message);
}

void Loop::flush() {
  while (!window_.empty() && window_.front()->done) {
    Item& item = *window_.front();
    if (ended_ && item.failed && o_.on_error == OnError::kStop) {  // nothing after the first bad record
      window_.clear();
      return;
    }
    if (!item.skip) {
      if (auto written = out_.write(item.finished.line); !written) return stop_with(written.error());
    }
    ++outcome_.records;
    if (item.finished.counted) item.finished.counted();
    if (item.failed) {
      item.skip && !counts_only() ? ++outcome_.skipped : ++outcome_.failed;
      work_.count_failure(*item.failed);
    }
    window_bytes_ -= item.line.text.size();
    window_.pop_front();
  }
}

void Loop::stop_with(const Error& e) {
  if (!outcome_.error) outcome_.error = e;
}

}  // namespace rm::cli
