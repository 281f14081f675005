#include "lib/generate/scripted.h"

#include <algorithm>
#include <atomic>
#include <deque>

#include "lib/base/signals.h"

namespace rm::generate {
namespace {

std::string prompt_text(const Request& r) {
  if (!r.raw_prompt.empty()) return r.raw_prompt;
  std::string text;
  for (const Message& m : r.messages) text += m.role + ": " + m.content + "\n";
  return text;
}

class Scripted final : public Generator {
 public:
  Scripted(Script script, std::shared_ptr<ScriptLog> log) : s_(std::move(script)), log_(std::move(log)) {
    if (!log_) log_ = std::make_shared<ScriptLog>();
  }

  std::string model_name() const override { return "scripted"; }
  std::size_t capacity() const override { return s_.capacity; }
  std::int64_t context() const override { return s_.context; }
  bool reasoning_model() const override { return s_.reasoning; }
  std::size_t in_flight() const override { return queue_.size(); }

  Result<void> submit(Request r) override {
    const std::string prompt = prompt_text(r);
    if (s_.context > 0 && static_cast<std::int64_t>(prompt.size()) >= s_.context) {
      return make_error(Exit::kInput, "too_long",
                        "the prompt has " + std::to_string(prompt.size()) + " tokens; the context holds " +
                            std::to_string(s_.context));
    }
    ++log_->submitted;
    log_->requests.push_back(r);
    queue_.push_back(std::move(r));
    log_->most_in_flight = std::max(log_->most_in_flight, queue_.size());
    return {};
  }

  Result<std::vector<Reply>> wait() override {
    if (s_.on_wait) s_.on_wait(log_->answered);
    if (nudged_.exchange(false) || queue_.empty() || signals::stop_requested()) return std::vector<Reply>{};
    if (s_.fail_after >= 0 && log_->answered >= static_cast<std::size_t>(s_.fail_after))
      return make_error(Exit::kResources, "out_of_memory", "the script says so");
    const Request r = s_.newest_first ? queue_.back() : queue_.front();
    s_.newest_first ? queue_.pop_back() : queue_.pop_front();
    Reply reply = s_.answer(r);
    reply.id = r.id;
    reply.text.insert(0, r.prefill);
    reply.prompt_tokens = static_cast<std::int64_t>(prompt_text(r).size());
    reply.completion_tokens = static_cast<std::int64_t>(reply.text.size());
    if (r.on_text) r.on_text(reply.text);
    ++log_->answered;
    return std::vector<Reply>{std::move(reply)};
  }

  void nudge() override { nudged_ = true; }

  void cancel(std::uint64_t id) override {
    log_->cancelled += std::erase_if(queue_, [id](const Request& r) { return r.id == id; });
  }

  void cancel_all() override {
    log_->cancelled += queue_.size();
    queue_.clear();
  }

  Result<Tokenized> show(const Request& r) const override {
    Tokenized t{prompt_text(r), {}};
    for (const char c : t.text) t.ids.push_back(static_cast<unsigned char>(c));
    return t;
  }

 private:
  Script s_;
  std::shared_ptr<ScriptLog> log_;
  std::deque<Request> queue_;
  std::atomic<bool> nudged_{false};
};

}  // namespace

std::unique_ptr<Generator> scripted(Script script, std::shared_ptr<ScriptLog> log) {
  return std::make_unique<Scripted>(std::move(script), std::move(log));
}

Reply verdict_reply(char letter) {
  Reply r;
  r.text = "<type>Chat</type><eval>Seen both.</eval><answer>[[" + std::string(1, letter) + "]]</answer>";
  return r;
}

}  // namespace rm::generate
