#include "lib/serve/rendered.h"

#include <algorithm>
#include <array>
#include <optional>

namespace rm::serve {
namespace {

using text::Message;

struct Style {
  std::string_view open, role_end, close;
};

constexpr std::array<Style, 3> kStyles{Style{"<|im_start|>", "\n", "<|im_end|>"},
                                       Style{"<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"},
                                       Style{"<start_of_turn>", "\n", "<end_of_turn>"}};

constexpr std::string_view kUser = "<\xEF\xBD\x9CUser\xEF\xBD\x9C>", kAssistant =
                                                                         "<\xEF\xBD\x9C"
                                                                         "Assistant\xEF\xBD\x9C>";
constexpr std::string_view kSentenceEnd =
    "<\xEF\xBD\x9C"
    "end\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C>";
constexpr std::string_view kSentenceBegin =
    "<\xEF\xBD\x9C"
    "begin\xE2\x96\x81of\xE2\x96\x81sentence\xEF\xBD\x9C>";

constexpr std::array<std::string_view, 12> kEndMarks{
    "<|im_end|>",    "<|endoftext|>", "<|eot_id|>", "<|end_of_text|>", "</s>",  kSentenceEnd,
    "<end_of_turn>", "<eos>",         "<pad>",      "<|pad|>",         "[PAD]", "<|finetune_right_pad_id|>"};

constexpr std::string_view kSpace = " \t\r\n";

std::string_view trimmed(std::string_view s) {
  const std::size_t from = s.find_first_not_of(kSpace);
  if (from == std::string_view::npos) return {};
  return s.substr(from, s.find_last_not_of(kSpace) - from + 1);
}

std::string role_name(std::string_view written) {
  written = trimmed(written);
  return written == "model" ? "assistant" : std::string(written);
}

// Where the turn whose content begins at `from` ends: at a closing mark with a new turn or nothing but space behind it.
std::size_t turn_end(std::string_view text, std::size_t from, const Style& style, std::size_t& next) {
  for (std::size_t at = text.find(style.close, from); at != std::string_view::npos;
       at = text.find(style.close, at + style.close.size())) {
    next = text.find_first_not_of(kSpace, at + style.close.size());
    if (next == std::string_view::npos || text.substr(next, style.open.size()) == style.open) return at;
  }
  next = std::string_view::npos;
  return text.size();
}

std::vector<Message> read_style(std::string_view text, const Style& style) {
  std::vector<Message> turns;
  std::size_t at = text.find(style.open);
  while (at != std::string_view::npos) {
    const std::size_t role = at + style.open.size();
    const std::size_t role_end = text.find(style.role_end, role);
    if (role_end == std::string_view::npos) break;
    const std::size_t from = role_end + style.role_end.size();
    const std::size_t end = turn_end(text, from, style, at);
    turns.push_back(
        {role_name(text.substr(role, role_end - role)), std::string(trimmed(text.substr(from, end - from)))});
  }
  return turns;
}

// DeepSeek: a bare system text, then user and assistant marks in turn; an assistant's turn ends at its sentence's end.
std::vector<Message> read_deepseek(std::string_view text) {
  std::vector<Message> turns;
  if (text.substr(0, kSentenceBegin.size()) == kSentenceBegin) text.remove_prefix(kSentenceBegin.size());
  std::size_t user = text.find(kUser);
  if (const auto system = trimmed(text.substr(0, user)); !system.empty())
    turns.push_back({"system", std::string(system)});
  while (user != std::string_view::npos) {
    const std::size_t from = user + kUser.size();
    const std::size_t assistant = std::min(text.find(kAssistant, from), text.size());
    turns.push_back({"user", std::string(trimmed(text.substr(from, assistant - from)))});
    if (assistant == text.size()) break;
    const std::size_t answer = assistant + kAssistant.size();
    const std::size_t end = text.find(std::string(kSentenceEnd) + std::string(kUser), answer);
    const std::size_t stop = std::min(end, text.size());
    turns.push_back({"assistant", std::string(trimmed(text.substr(answer, stop - answer)))});
    user = end == std::string_view::npos ? end : end + kSentenceEnd.size();
  }
  return turns;
}

}  // namespace

std::vector<Message> read_rendered(std::string_view text) {
  const Style* first = nullptr;
  std::size_t at = text.find(kUser);
  for (const Style& style : kStyles) {
    if (const std::size_t found = text.find(style.open); found < at) at = found, first = &style;
  }
  if (at == std::string_view::npos) return {};
  return first != nullptr ? read_style(text, *first) : read_deepseek(text);
}

std::string_view without_end_marks(std::string_view answer) {
  for (bool again = true; again;) {
    again = false;
    const std::size_t last = answer.find_last_not_of(kSpace);
    answer = answer.substr(0, last == std::string_view::npos ? 0 : last + 1);
    for (const std::string_view mark : kEndMarks) {
      if (answer.ends_with(mark)) answer.remove_suffix(mark.size()), again = true;
    }
  }
  return answer;
}

}  // namespace rm::serve
