#include "tools/rm-judge/loop.h"

#include <algorithm>
#include <array>

#include "lib/base/signals.h"
#include "lib/records/failure.h"

namespace rm::rmjudge {
namespace {

constexpr std::size_t kWindowBytes = 256u << 20;
constexpr std::array<std::string_view, 2> kOwn = {"judgment", "warnings"};

std::string place(const std::string& name, const records::Line& line) {
  return name + ":" + std::to_string(line.number);
}

}  // namespace

Loop::Loop(ReadAhead& in, records::Writer& out, generate::Generator* generator, const judge::PromptSet& prompts,
           LoopOptions options, Progress* progress)
    : in_(in), out_(out), generator_(generator), prompts_(prompts), o_(std::move(options)), progress_(progress) {
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
  if (progress_ != nullptr) {
    const Counts& c = outcome_.counts;
    progress_->update(c.resumed + c.records, c.failed, c.unparsed, in_.fraction());
  }
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
    if (*got == ReadAhead::Got::kEnd) input_done_ = true;
    if (*got != ReadAhead::Got::kLine) return;
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
  fail(*item, begun.error());
}

void Loop::start(const std::shared_ptr<Item>& item, std::shared_ptr<judge::Job> job) {
  asked_.emplace(job.get(), item);
  runner_->add(std::move(job));
}

void Loop::ended(const Result<Jobs>& jobs) {
  if (!jobs) return stop_with(jobs.error());
  for (const std::shared_ptr<judge::Job>& job : *jobs) {
    const auto it = asked_.find(job.get());
    if (it == asked_.end()) continue;
    const std::shared_ptr<Item> item = std::move(it->second);
    asked_.erase(it);
    job->failed ? fail(*item, *job->failed) : finish(*item, *job);
  }
}

void Loop::finish(Item& item, const judge::Job& job) {
  item.judgment = job.judgment();
  item.judged = item.done = true;
  item.out = judge::judged_record(item.line.text, *item.judgment, job.warnings());
  tell_missing(item);
  for (records::Sample& s : item.judgment->samples) s.text = s.reasoning = {};  // only the counts are wanted now
}

// A judgment from fewer samples than were asked for is told, and --retry can complete it.
void Loop::tell_missing(const Item& item) {
  const auto& samples = item.judgment->samples;
  const auto missing = std::ranges::count_if(samples, [](const auto& s) { return s.reason == "error"; });
  if (missing == 0 || o_.quiet) return;
  if (progress_ != nullptr) progress_->erase();
  (*tell_)(place(in_.name(), item.line) + ": " + std::to_string(missing) + " of " + std::to_string(samples.size()) +
           " samples failed; judged by the others (--retry unparsed asks for them again)");
}

void Loop::fail(Item& item, const Error& e) {
  Error named = e;
  if (named.where.empty()) named.where = place(in_.name(), item.line);
  item.done = item.failed = true;
  const bool counts_only = o_.work == Work::kDryRun || o_.work == Work::kEmitBatch;
  item.skip = o_.on_error == OnError::kSkip || counts_only;
  if (o_.on_error == OnError::kStop) {
    item.skip = input_done_ = true;
    named.exit = Exit::kInput;
    if (item.line.number < first_bad_) first_bad_ = item.line.number, ended_ = named;
    return;
  }
  const std::span<const std::string_view> stale = kOwn;
  const bool judges = o_.work == Work::kJudge;  // other kinds of work keep the judgment that is there
  item.out = records::failure(item.line, named, judges ? stale : std::span<const std::string_view>{});
  if (o_.quiet) return;
  if (progress_ != nullptr) progress_->erase();
  std::string message = named.text();
  if (message.ends_with('.')) message.pop_back();
  if (!counts_only) {
    message += item.skip ? ". The record was left out."
                         : ". The record was passed on with an error field (--on-error skip to leave it out).";
  }
  (*tell_)(message);
}

void Loop::flush() {
  Counts& c = outcome_.counts;
  while (!window_.empty() && window_.front()->done) {
    Item& item = *window_.front();
    if (ended_ && item.failed && o_.on_error == OnError::kStop) {  // nothing after the first bad record
      window_.clear();
      return;
    }
    if (!item.skip) {
      if (auto written = out_.write(item.out); !written) return stop_with(written.error());
    }
    ++c.records;
    if (item.judgment) c.add(*item.judgment);
    const bool counts_only = o_.work == Work::kDryRun || o_.work == Work::kEmitBatch;
    if (item.failed) item.skip && !counts_only ? ++c.skipped : ++c.failed;
    window_bytes_ -= item.line.text.size();
    window_.pop_front();
  }
}

void Loop::stop_with(const Error& e) {
  if (!outcome_.error) outcome_.error = e;
}

}  // namespace rm::rmjudge
