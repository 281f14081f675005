// A Generator that writes its replies piece by piece, several at a time, as a model does: for tests of streaming, of joining
// jobs that run, and of going away in the middle.
#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "lib/generate/generator.h"

namespace rm::tests {

class Talker final : public generate::Generator {
 public:
  struct Options {
    std::function<std::string(const generate::Request&)> text;
    std::chrono::milliseconds pause{0};  // before each piece; 0: whole replies at once
    std::size_t piece = 12;              // bytes
    std::size_t capacity = 64;
    std::int64_t fail_after = -1;  // wait() fails for good after so many replies
    std::int64_t context = 0;      // > 0: longer prompts (in bytes) are too_long
  };
  explicit Talker(Options o) : o_(std::move(o)) {}

  std::string model_name() const override { return "talker"; }
  std::size_t capacity() const override { return o_.capacity; }
  std::int64_t context() const override { return o_.context; }
  bool reasoning_model() const override { return false; }
  std::size_t in_flight() const override { return active_.size(); }

  Result<void> submit(generate::Request r) override {
    std::size_t prompt = r.raw_prompt.size();
    for (const auto& m : r.messages) prompt += m.content.size();
    if (o_.context > 0 && static_cast<std::int64_t>(prompt) > o_.context)
      return make_error(Exit::kInput, "too_long", "the prompt is too long for this model");
    ++submitted;
    most_at_once = std::max<std::size_t>(most_at_once, active_.size() + 1);
    std::string text = r.prefill + o_.text(r);
    active_.push_back({std::move(r), std::move(text), 0, prompt});
    return {};
  }

  Result<std::vector<generate::Reply>> wait() override {
    std::vector<generate::Reply> replies;
    while (!active_.empty() && replies.empty()) {
      if (o_.fail_after >= 0 && answered >= static_cast<std::size_t>(o_.fail_after))
        return make_error(Exit::kResources, "out_of_memory", "the talker was told to fail");
      {
        std::unique_lock lock(mutex_);
        woken_.wait_for(lock, o_.pause, [this] { return nudged_; });
        if (std::exchange(nudged_, false)) return replies;
      }
      for (auto it = active_.begin(); it != active_.end();) {
        if (speak(*it)) {
          replies.push_back(reply(*it));
          it = active_.erase(it);
        } else {
          ++it;
        }
      }
    }
    return replies;
  }

  void nudge() override {
    {
      const std::lock_guard lock(mutex_);
      nudged_ = true;
    }
    woken_.notify_one();
  }
  void cancel(std::uint64_t id) override {
    cancelled += std::erase_if(active_, [id](const Speech& s) { return s.request.id == id; });
  }
  void cancel_all() override {
    cancelled += active_.size();
    active_.clear();
  }
  Result<generate::Tokenized> show(const generate::Request&) const override { return generate::Tokenized{}; }

  std::atomic<std::size_t> submitted{0}, answered{0}, cancelled{0}, most_at_once{0};

 private:
  struct Speech {
    generate::Request request;
    std::string text;
    std::size_t said = 0, prompt = 0;
  };
  bool speak(Speech& s) const {
    const std::size_t n = o_.pause.count() == 0 ? s.text.size() : std::min(o_.piece, s.text.size() - s.said);
    if (s.request.on_text && n > 0) s.request.on_text(std::string_view(s.text).substr(s.said, n));
    s.said += n;
    return s.said == s.text.size();
  }
  generate::Reply reply(Speech& s) {
    ++answered;
    generate::Reply r;
    r.id = s.request.id;
    r.text = std::move(s.text);
    r.prompt_tokens = static_cast<std::int64_t>(s.prompt / 4);
    r.completion_tokens = static_cast<std::int64_t>(r.text.size() / 4);
    return r;
  }

  Options o_;
  std::list<Speech> active_;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool nudged_ = false;
};

inline std::string all_text(const generate::Request& r) {
  std::string text = r.raw_prompt;
  for (const auto& m : r.messages) text += m.content + "\n";
  return text;
}

// Decides for the answer that says "right", as A or B by where it stands in the prompt; rates it 9, others 2.
inline std::string say_right(const generate::Request& r) {
  const std::string text = all_text(r);
  const std::size_t a = text.rfind("right"), b = text.rfind("wrong");
  const bool both = a != std::string::npos && b != std::string::npos;
  const char letter = both && a > b ? 'B' : 'A';
  return "<type>Chat</type>\n<rubric>\n1. Truth (60%): is it so?\n2. Care (40%): does it help?\n<justify>Both "
         "matter.</justify>\n"
         "</rubric>\n<eval>Compared. </eval>\n<answer>[[" +
         std::string(1, letter) + "]]</answer>";
}

}  // namespace rm::tests
