#include "lib/judge/visible.h"

#include <array>
#include <optional>
#include <utility>

namespace rm::judge {
namespace {

constexpr std::string_view kAnswerStart = "<answer>[[", kAnswerEnd = "]]</answer>";
constexpr std::size_t kLongestContent = 32;

// An element whose inside does not decide.
struct Element {
  std::string_view open, close;
};
constexpr std::array<Element, 4> kQuotes{{{"<quote_A>", "</quote_A>"},
                                          {"<quote_B>", "</quote_B>"},
                                          {"<summary_A>", "</summary_A>"},
                                          {"<summary_B>", "</summary_B>"}}};
constexpr Element kThink{"<think>", "</think>"};
constexpr Element kEval{"<eval>", "</eval>"};
constexpr Element kAnswer{"<answer>", "</answer>"};

class Reader {
 public:
  Reader(std::string_view trace, const std::function<bool(std::string_view)>& counts) : trace_(trace), counts_(counts) {
    for (std::size_t i = 0; i < kQuotes.size(); ++i) last_close_[i] = trace.rfind(kQuotes[i].close);
  }

  std::vector<AnswerBlock> read() {
    std::size_t at = end_of_opened_thought();
    while ((at = trace_.find('<', at)) != trace_.npos) at = step(at);
    // An outer <answer> that never closes hides nothing.
    decided_.insert(decided_.end(), inside_.begin(), inside_.end());
    return std::move(decided_);
  }

 private:
  bool here(std::size_t at, std::string_view tag) const { return trace_.compare(at, tag.size(), tag) == 0; }

  // After the first </think>, where no <think> and no <eval> comes before it; else the start.
  std::size_t end_of_opened_thought() const {
    const std::size_t close = trace_.find(kThink.close);
    if (close == trace_.npos) return 0;
    const std::string_view before = trace_.substr(0, close);
    if (before.find(kThink.open) != before.npos || before.find(kEval.open) != before.npos) return 0;
    return close + kThink.close.size();
  }

  // End of the complete quote that opens at `at`, or npos.
  std::size_t quote_end(std::size_t at) const {
    for (std::size_t i = 0; i < kQuotes.size(); ++i) {
      if (!here(at, kQuotes[i].open)) continue;
      if (last_close_[i] == trace_.npos || last_close_[i] < at) return trace_.npos;
      return trace_.find(kQuotes[i].close, at) + kQuotes[i].close.size();
    }
    return trace_.npos;
  }

  // End of the <eval> that opens at `at`, or npos. Once one is never closed, no later one is either.
  std::size_t eval_end(std::size_t at) {
    if (eval_left_open_) return trace_.npos;
    std::size_t p = at + kEval.open.size();
    while ((p = trace_.find('<', p)) != trace_.npos) {
      if (here(p, kEval.close)) return p + kEval.close.size();
      const std::size_t end = quote_end(p);
      p = end == trace_.npos ? p + 1 : end;
    }
    eval_left_open_ = true;
    return trace_.npos;
  }

  // The complete block that opens at `at`, where its content counts.
  std::optional<AnswerBlock> block_at(std::size_t at) const {
    if (!here(at, kAnswerStart)) return std::nullopt;
    const std::size_t begin = at + kAnswerStart.size();
    const std::size_t end = trace_.substr(begin, kLongestContent + kAnswerEnd.size()).find(kAnswerEnd);
    if (end == trace_.npos) return std::nullopt;
    const AnswerBlock block{trace_.substr(begin, end), begin};
    return counts_(block.content) ? std::optional(block) : std::nullopt;
  }

  // Handles the '<' at `at` in visible text; returns where to go on.
  std::size_t step(std::size_t at) {
    if (here(at, kThink.open)) {
      const std::size_t close = trace_.find(kThink.close, at);
      return close == trace_.npos ? trace_.size() : close + kThink.close.size();
    }
    if (here(at, kEval.open)) {
      if (const std::size_t end = eval_end(at); end != trace_.npos) return end;
    } else if (const std::size_t end = quote_end(at); end != trace_.npos) {
      return end;
    } else if (const auto block = block_at(at)) {
      (open_ ? inside_ : decided_).push_back(*block);
      return block->byte + block->content.size() + kAnswerEnd.size();
    } else if (here(at, kAnswer.open)) {
      open_ = true;
    } else if (here(at, kAnswer.close)) {
      if (open_) inside_.clear();
      open_ = false;
    }
    return at + 1;
  }

  std::string_view trace_;
  const std::function<bool(std::string_view)>& counts_;
  std::array<std::size_t, kQuotes.size()> last_close_{};
  bool eval_left_open_ = false;
  bool open_ = false;  // inside an <answer> that is not a block by itself
  std::vector<AnswerBlock> decided_, inside_;
};

}  // namespace

std::vector<AnswerBlock> answer_blocks(std::string_view trace, const std::function<bool(std::string_view)>& counts) {
  return Reader(trace, counts).read();
}

}  // namespace rm::judge
