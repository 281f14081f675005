#include "tools/rm-judge/loop.h"

#include <array>

#include "lib/base/signals.h"
#include "lib/records/failure.h"
#include "tools/rm-judge/warnings.h"

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
    : in_(in), out_(out), generator_(generator), prompts_(prompts), o_(std::move(options)), progress_(progress) {}

Outcome Loop::run(const std::function<void(const std::string&)>& tell) {
  tell_ = &tell;
  while (step()) {
  }
  if (!outcome_.error && ended_) outcome_.error = ended_;
  if (generator_ != nullptr && outcome_.error) generator_->cancel_all();
  return std::move(outcome_);
}

bool Loop::step() {
  if (signals::stop_requested()) stop_with(signals::stop_error());
  if (!outcome_.error) fill();
  if (!outcome_.error) submit_queued();
  if (!outcome_.error && generator_ != nullptr && generator_->in_flight() > 0) collect();
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
  while (!input_done_ && queue_.empty() && room() &&
         (generator_ == nullptr || generator_->in_flight() < generator_->capacity())) {
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
    if (window_.front()->done) return;  // let it be written before more is read
    if (!queue_.empty()) submit_queued();
    if (outcome_.error) return;
  }
}

void Loop::accept(records::Line line) {
  auto item = std::make_shared<Item>();
  item->line = std::move(line);
  window_bytes_ += item->line.text.size();
  window_.push_back(item);
  if (auto begun = begin(*item); !begun) {
    if (begun.error().exit != Exit::kInput) return stop_with(begun.error());
    return fail(*item, begun.error());
  }
  for (std::size_t i = 0; i < item->missing; ++i) queue_.push_back({item, i});
}

void Loop::submit_queued() {
  while (!queue_.empty() && generator_->in_flight() < generator_->capacity()) {
    const Place p = queue_.front();
    queue_.pop_front();
    if (p.item->done) continue;  // an earlier request of the record failed
    generate::Request r = p.item->asks[p.ask].request;
    r.id = ticket_++;
    const std::uint64_t id = r.id;
    if (auto sent = generator_->submit(std::move(r)); !sent) {
      if (sent.error().exit != Exit::kInput) return stop_with(sent.error());
      fail(*p.item, sent.error());
      continue;
    }
    asked_.emplace(id, p);
  }
}

void Loop::collect() {
  auto replies = generator_->wait();
  if (!replies) return stop_with(replies.error());
  for (generate::Reply& r : *replies) {
    const auto it = asked_.find(r.id);
    if (it == asked_.end()) continue;
    const Place p = std::move(it->second);
    asked_.erase(it);
    if (p.item->done) continue;
    r.id = p.ask;
    p.item->replies[p.ask] = std::move(r);
    if (--p.item->missing == 0) finish(*p.item);
  }
}

void Loop::finish(Item& item) {
  item.judgment = judge::decide(item.pair, item.asks, item.replies, prompts_, o_.settings);
  item.judged = item.done = true;
  item.out = judged_record(item.line.text, item.judgment, warnings(item.pair));
  item.asks.clear();
  item.replies.clear();
}

void Loop::fail(Item& item, const Error& e) {
  Error named = e;
  if (named.where.empty()) named.where = place(in_.name(), item.line);
  item.done = item.failed = true;
  item.skip = o_.on_error == OnError::kSkip || o_.work == Work::kDryRun;
  if (o_.on_error == OnError::kStop) {
    item.skip = input_done_ = true;
    named.exit = Exit::kInput;
    if (item.line.number < first_bad_) first_bad_ = item.line.number, ended_ = named;
    return;
  }
  const std::span<const std::string_view> stale = kOwn;
  item.out = records::failure(item.line, named, o_.work == Work::kJudge ? stale : std::span<const std::string_view>{});
  if (o_.quiet) return;
  if (progress_ != nullptr) progress_->erase();
  std::string message = named.text();
  if (message.ends_with('.')) message.pop_back();
  if (o_.work != Work::kDryRun) {
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
    if (item.judged) c.add(item.judgment);
    if (item.failed) item.skip&& o_.work != Work::kDryRun ? ++c.skipped : ++c.failed;
    window_bytes_ -= item.line.text.size();
    window_.pop_front();
  }
}

void Loop::stop_with(const Error& e) {
  if (!outcome_.error) outcome_.error = e;
}

}  // namespace rm::rmjudge
