#include "lib/text/chat.h"

#include <algorithm>

#include "lib/base/escape.h"
#include "lib/base/limits.h"
#include "lib/text/chat_family.h"
#include "lib/text/utf8.h"

namespace rm::text {

struct ChatTemplate::Impl {
  Family family;
};

namespace {

constexpr std::string_view kOpen = "<think>", kClose = "</think>";

// Joins neighbours of a kind and leaves empty ones out.
class Segments {
 public:
  void control(std::string_view s) { add(true, s); }
  void content(std::string_view s) { add(false, s); }
  std::vector<Segment> take() { return std::move(segments_); }

 private:
  void add(bool control, std::string_view s) {
    if (s.empty()) return;
    if (segments_.empty() || segments_.back().control != control) segments_.push_back({control, {}});
    segments_.back().text += s;
  }
  std::vector<Segment> segments_;
};

std::string_view after_last(std::string_view s, std::string_view mark) {
  const std::size_t at = s.rfind(mark);
  return at == std::string_view::npos ? s : s.substr(at + mark.size());
}

std::string_view trim_newlines(std::string_view s, bool left, bool right) {
  while (left && s.starts_with('\n')) s.remove_prefix(1);
  while (right && s.ends_with('\n')) s.remove_suffix(1);
  return s;
}

// The index of the last question a user asked by themselves; the last message where there is none.
std::size_t last_question(std::span<const Message> messages) {
  for (std::size_t i = messages.size(); i-- > 0;) {
    const Message& m = messages[i];
    const bool tool = m.content.starts_with("<tool_response>") && m.content.ends_with("</tool_response>");
    if (m.role == "user" && !tool) return i;
  }
  return messages.empty() ? 0 : messages.size() - 1;
}

void write_qwen3(std::string_view text, bool since_question, bool last, Segments& out) {
  std::string_view content = text, thought;
  if (const std::size_t close = text.find(kClose); close != std::string_view::npos) {
    content = trim_newlines(after_last(text, kClose), true, false);
    thought = trim_newlines(after_last(trim_newlines(text.substr(0, close), false, true), kOpen), true, false);
  }
  if (since_question && (last || !thought.empty())) {
    out.control("<think>\n");
    out.content(trim_newlines(thought, true, true));
    out.control("\n</think>\n\n");
    content = trim_newlines(content, true, false);
  }
  out.content(content);
}

const std::optional<Around>* around(const Family& f, std::string_view role) {
  if (role == "system") return &f.system;
  if (role == "user") return &f.user;
  if (role == "assistant") return &f.assistant;
  return nullptr;
}

Error bad_messages(std::string message) { return make_error(Exit::kInput, "bad_messages", std::move(message)); }

Result<void> check(const Family& f, std::span<const Message> messages) {
  if (messages.empty() && f.needs_message) return bad_messages("the chat template needs at least one message");
  if (messages.size() > limits::kTurns) {
    return bad_messages("the conversation has " + std::to_string(messages.size()) + " messages; at most " +
                        std::to_string(limits::kTurns) + " are allowed");
  }
  for (std::size_t i = 0; i < messages.size(); ++i) {
    const auto* turn = around(f, messages[i].role);
    if (turn && *turn) continue;
    return bad_messages("message " + std::to_string(i) + " has role \"" + escape_text(messages[i].role, 40) +
                        (turn ? "\", which this chat template cannot show" : "\"; expected system, user or assistant"));
  }
  return {};
}

// The system text that stands before the first turn. True: the first message is part of it.
bool write_opening(const Family& f, std::span<const Message> messages, Segments& out) {
  out.control(f.start);
  const bool first = !messages.empty() && messages[0].role == "system";
  if (f.place == SystemPlace::kStart) {
    const auto last =
        std::find_if(messages.rbegin(), messages.rend(), [](const Message& m) { return m.role == "system"; });
    if (last != messages.rend()) out.content(last->content);
  } else if (f.place == SystemPlace::kHeader) {
    out.control(f.system->before);
    out.control(f.system_lead);
    if (first) out.content(f.trim ? strip_white(messages[0].content) : std::string_view(messages[0].content));
    out.control(f.system->after);
    return first;
  } else if (f.default_system && !messages.empty() && !first) {
    out.control(f.system->before);
    out.control(*f.default_system);
    out.control(f.system->after);
  }
  return false;
}

}  // namespace

Result<ChatTemplate> ChatTemplate::recognise(std::string_view jinja, std::string_view bos) {
  RM_ASSIGN(Family family, recognise_family(jinja, bos));
  ChatTemplate t;
  t.impl_ = std::make_shared<const Impl>(Impl{std::move(family)});
  return t;
}

Result<ChatTemplate> ChatTemplate::from_json(std::string_view file_text) {
  RM_ASSIGN(Family family, family_from_json(file_text));
  ChatTemplate t;
  t.impl_ = std::make_shared<const Impl>(Impl{std::move(family)});
  return t;
}

Result<std::vector<Segment>> ChatTemplate::render(std::span<const Message> messages, bool add_generation_prompt,
                                                  Thinking thinking) const {
  const Family& f = impl_->family;
  RM_TRY(check(f, messages));
  Segments out;
  const bool first_is_written = write_opening(f, messages, out);
  const std::size_t question = last_question(messages);
  for (std::size_t i = first_is_written ? 1 : 0; i < messages.size(); ++i) {
    const Message& m = messages[i];
    if (m.role == "system" && f.place == SystemPlace::kStart) continue;
    const bool last = i + 1 == messages.size();
    const Around& turn = **around(f, m.role);
    std::string_view content = m.content;
    out.control(turn.before);
    if (m.role == "assistant" && f.thoughts == Thoughts::kQwen3) {
      write_qwen3(content, i > question, last, out);
    } else {
      if (m.role == "assistant" && f.thoughts == Thoughts::kDrop) content = after_last(content, kClose);
      if (m.role == "assistant" && f.thoughts == Thoughts::kDropEarlier && !last) {
        content = trim_newlines(after_last(content, kClose), true, false);
      }
      out.content(f.trim ? strip_white(content) : content);
    }
    out.control(turn.after);
  }
  if (add_generation_prompt) {
    out.control(f.generation);
    if (thinking == Thinking::kOff) out.control(f.thinking_off);
    if (thinking == Thinking::kUnset) out.control(f.thinking_unset);
  }
  return out.take();
}

std::string_view ChatTemplate::family() const { return impl_->family.name; }
bool ChatTemplate::reasoning_model() const { return impl_->family.reasoning; }
std::vector<std::string> ChatTemplate::stop_strings() const { return impl_->family.stops; }

}  // namespace rm::text
