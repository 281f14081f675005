#include <algorithm>
#include <chrono>
#include <cmath>
#include <optional>
#include <utility>
#include <variant>

#include "lib/base/child_process.h"
#include "lib/base/escape.h"
#include "lib/base/json.h"
#include "lib/base/limits.h"
#include "lib/base/number.h"
#include "lib/base/signals.h"
#include "lib/records/splice.h"
#include "lib/reward/reward.h"

namespace rm::reward {
namespace {

using Clock = std::chrono::steady_clock;
using Millis = ChildProcess::Millis;

constexpr Millis kTick{100};       // a stop or an end is noticed so late when no pipe tells it
constexpr Millis kEarly{200};      // an end within this is told before a run begins
constexpr Millis kOwnEnd{1000};    // for a program that closed a pipe to end by itself, so that its status can be told
constexpr Millis kSettle{50};      // for a line too many to show at the end of a batch
constexpr Millis kGrace{1000};     // between TERM and KILL
constexpr Millis kStopGrace{300};  // the same when we are asked to stop
constexpr Millis kLeave{2000};     // for a program to see the end of its input at the end of a run
constexpr std::size_t kShown = 120;  // bytes of an answer in a message
constexpr double kLongestTimeout = 1e7;
constexpr double kMostReward = 1e30;  // a group's deviation squares them

// `left`: how many of the batch come after this one.
std::string line_of(const Item& item, std::size_t left) {
  records::Field field{"rollout", {}};
  json::Writer(field.json)
      .begin_object()
      .member("reply", item.text)
      .member("label", item.label == judge::Side::kA ? "A" : "B")
      .member("truncated", item.truncated)
      .member("step", item.step)
      .member("prompt", item.prompt)
      .member("index", item.rollout)
      .member("left", std::uint64_t{left})
      .end_object();
  return records::splice(item.record, {&field, 1}) + '\n';
}

std::string quoted(std::string_view text) { return "\"" + escape_text(text, kShown) + "\""; }

std::string too_long(std::string_view line) {
  return "answered with a line of more than " + format_grouped(limits::kRewardLineBytes) + " bytes, " + quoted(line);
}

// The reward that a line says, or in words why there is none.
std::variant<double, std::string> read_answer(json::Document& document, std::string_view line) {
  const std::string expected = "; expected a finite number, or an object with such a number as \"reward\"";
  const auto root = document.parse(line);
  if (!root) return "answered " + quoted(line) + " (" + root.error().text() + ")" + expected;
  const auto value = root->is(json::Type::kObject) ? root->find("reward") : *root;
  if (!value) return "answered " + quoted(line) + ", which has no \"reward\"" + expected;
  const auto number = value->number();
  if (!number || !std::isfinite(*number))
    return "answered " + quoted(line) + ", where the reward is " + json::name(value->type()) + expected;
  if (std::abs(*number) > kMostReward)
    return "answered " + quoted(line) + ", a reward beyond 1e30, whose square is no number any more" + expected;
  return *number;
}

// One batch on its way through the program.
class Batch {
 public:
  Batch(ChildProcess& child, std::span<const Item> items, Clock::duration timeout)
      : child_(child), items_(items), timeout_(timeout) {}

  // In words what went wrong; empty: all answered, or a stop was asked for.
  std::string run();
  std::vector<double> rewards;

 private:
  bool sent_all() const { return asked_ == items_.size() && at_ == line_.size(); }
  void send_more(std::size_t bytes);
  std::string read_lines();
  std::string see_no_more();
  std::string went_away(bool input_closed);
  std::string was_silent() const;

  ChildProcess& child_;
  std::span<const Item> items_;
  Clock::duration timeout_;
  std::string line_;       // the item on its way
  std::size_t at_ = 0;     // in line_
  std::size_t made_ = 0;   // items that have become a line
  std::size_t asked_ = 0;  // items of which the program can have read all but the newline
  std::string output_;     // behind the last whole line
  json::Document document_;
};

std::string Batch::run() {
  rewards.reserve(items_.size());
  child_.exchange({}, output_, Millis(0));
  if (!output_.empty()) return "printed " + quoted(output_) + " before the first item was sent";
  auto deadline = Clock::now() + timeout_;
  bool input_closed = false;
  send_more(0);
  while (rewards.size() < items_.size()) {
    if (signals::stop_requested()) return "";
    const bool ended = child_.ended();  // before reading, so that all it wrote is there to be read
    const std::size_t had = rewards.size();
    const auto left = std::chrono::ceil<Millis>(deadline - Clock::now());
    const auto moved =
        child_.exchange(std::string_view(line_).substr(at_), output_, std::clamp(left, Millis(0), kTick));
    send_more(moved.sent);
    if (std::string wrong = read_lines(); !wrong.empty()) return wrong;
    if (rewards.size() == items_.size()) break;
    if (moved.output_ended || (ended && moved.received == 0)) return went_away(false);
    if (moved.input_closed && !std::exchange(input_closed, true)) {
      deadline =
          std::min(deadline, Clock::now() + Clock::duration(kOwnEnd));  // most often it has died: see the last of it
    } else if (!input_closed && (moved.sent > 0 || rewards.size() > had)) {
      deadline = Clock::now() + timeout_;
    }
    if (Clock::now() >= deadline) return input_closed ? went_away(true) : was_silent();
  }
  return see_no_more();
}

// Answers that are one too many most often come with the last ones or right behind: all of the batch may have slipped.
std::string Batch::see_no_more() {
  for (const auto until = Clock::now() + kSettle;;) {
    const auto left = std::chrono::ceil<Millis>(until - Clock::now());
    const auto moved = output_.empty() ? child_.exchange({}, output_, left) : ChildProcess::Moved{};
    if (!output_.empty()) return "printed " + quoted(output_) + ", more than a line for each item";
    if (moved.output_ended || left <= Millis(0)) return "";
  }
}

// Notes that so many bytes of line_ went out, and makes the next line when it is through.
void Batch::send_more(std::size_t bytes) {
  at_ += bytes;
  if (asked_ < made_ && at_ + 1 >= line_.size()) asked_ = made_;
  if (at_ < line_.size() || made_ == items_.size()) return;
  ++made_;
  line_ = line_of(items_[made_ - 1], items_.size() - made_);
  at_ = 0;
}

std::string Batch::read_lines() {
  std::size_t begin = 0;
  for (auto end = output_.find('\n'); end != output_.npos; end = output_.find('\n', begin)) {
    const std::string_view line = std::string_view(output_).substr(begin, end - begin);
    begin = end + 1;
    if (rewards.size() == items_.size()) return "printed " + quoted(line) + ", more than a line for each item";
    if (rewards.size() == asked_) return "printed " + quoted(line) + " before it was sent the item";
    if (line.size() > limits::kRewardLineBytes) return too_long(line);
    auto answer = read_answer(document_, line);
    if (auto* wrong = std::get_if<std::string>(&answer)) return std::move(*wrong);
    rewards.push_back(std::get<double>(answer));
  }
  output_.erase(0, begin);
  return output_.size() > limits::kRewardLineBytes ? too_long(output_) : "";
}

std::string Batch::went_away(bool input_closed) {
  const std::string rest = output_.empty() ? "" : ", in the midst of a line: " + quoted(output_);
  if (!child_.wait(kOwnEnd)) {
    return input_closed ? "closed its standard input before it had read all items"
                        : "closed its standard output" + rest;
  }
  child_.end(Millis(0), kGrace);
  return child_.ending() + " before it had answered all items" + rest;
}

std::string Batch::was_silent() const {
  const std::string out = "was silent for " + format_duration(std::chrono::duration<double>(timeout_).count()) +
                          " with " + format_grouped(rewards.size()) + " of " + format_grouped(items_.size()) +
                          " items answered";
  if (!output_.empty()) return out + ", in the midst of a line: " + quoted(output_);
  if (!sent_all()) return out + ", and did not read on";
  return out + " and all sent (it must not wait for the end of its input, and must flush what it prints)";
}

class Program final : public Reward {
 public:
  explicit Program(ProgramOptions o) : options_(std::move(o)) {}
  ~Program() override {
    if (child_) child_->end(signals::stop_requested() ? Millis(0) : kLeave, kStopGrace);
  }
  std::string name() const override { return options_.command; }
  Result<std::vector<double>> score(std::span<const Item> items) override;
  Result<void> start();
  Result<void> see_it_run();

 private:
  Result<void> ready();
  std::string where() const { return escape_text(options_.command, kShown); }
  Error failed(std::string what);

  ProgramOptions options_;
  std::unique_ptr<ChildProcess> child_;  // empty: to be started
  bool served_ = false;                  // the child has answered a batch
  int failures_ = 0;                     // in a row
};

Result<void> Program::start() {
  // Python holds back what it prints into a pipe, and a reward that was printed would not come.
  static const std::vector<std::string> kEnvironment{"PYTHONUNBUFFERED=1"};
  served_ = false;
  auto child = ChildProcess::start(options_.command, kEnvironment);
  if (!child) return child.error();
  child_ = *std::move(child);
  return {};
}

Result<void> Program::see_it_run() {
  const auto until = Clock::now() + kEarly;
  while (!child_->ended()) {
    if (Clock::now() >= until) return {};
    std::string early;
    child_->exchange({}, early, Millis(10));
    if (!early.empty()) return failed("printed " + quoted(early) + " before the first item was sent");
  }
  child_->end(Millis(0), kGrace);
  return failed(child_->ending() + " before the first item was sent");
}

Result<void> Program::ready() {
  if (child_ && served_ && child_->ended()) {
    child_->end(Millis(0), kGrace);
    if (options_.tell) options_.tell(where() + ": " + child_->ending() + " between two batches; it is started again");
    child_.reset();
  }
  return child_ ? Result<void>{} : start();
}

Result<std::vector<double>> Program::score(std::span<const Item> items) {
  if (items.empty()) return std::vector<double>{};
  RM_TRY(ready());
  Batch batch(*child_, items,
              std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options_.timeout_s)));
  std::string wrong = batch.run();
  if (wrong.empty() && batch.rewards.size() == items.size()) {
    served_ = true;
    failures_ = 0;
    return std::move(batch.rewards);
  }
  if (wrong.empty()) {
    child_->end(Millis(0), kStopGrace);
    child_.reset();
    return signals::stop_error();
  }
  const std::size_t n = std::min(batch.rewards.size(), items.size() - 1);
  const Item& at = items[n];
  return failed(std::move(wrong) + ", at item " + format_grouped(n + 1) + " of " + format_grouped(items.size()) +
                " (step " + std::to_string(at.step) + ", prompt " + std::to_string(at.prompt) + ", rollout " +
                std::to_string(at.rollout) + ")");
}

// Stops the program: whatever it still says belongs to a batch that nobody waits for.
Error Program::failed(std::string what) {
  std::string last;
  if (!child_->wait(kSettle)) last = child_->last_error_line();  // its own words, not what TERM makes a shell say
  child_->end(Millis(0), kGrace);
  if (last.empty()) last = child_->last_error_line();
  child_.reset();
  ++failures_;
  what += last.empty() ? "; its standard error is empty" : "; the last line of its standard error: " + last;
  const bool given_up = failures_ >= options_.max_failures;
  if (given_up && failures_ > 1) what += " (failed " + std::to_string(failures_) + " times in a row)";
  return make_error(Exit::kUnavailable, given_up ? "reward_given_up" : "reward_failed", std::move(what), where());
}

}  // namespace

Result<std::unique_ptr<Reward>> program(ProgramOptions options) {
  if (options.command.find_first_not_of(" \t\r\n") == std::string::npos ||
      options.command.find('\0') != std::string::npos)
    return make_error(Exit::kUsage, "usage",
                      "the reward program is an empty command; expected one, as 'python3 score.py'");
  if (!(options.timeout_s > 0 && options.timeout_s <= kLongestTimeout))
    return make_error(Exit::kUsage, "usage", "a reward program's time-out is a number of seconds above 0");
  auto out = std::make_unique<Program>(std::move(options));
  RM_TRY(out->start());
  RM_TRY(out->see_it_run());
  return std::unique_ptr<Reward>(std::move(out));
}

}  // namespace rm::reward
