#include "lib/text/chat_family.h"

#include <algorithm>
#include <initializer_list>

namespace rm::text {
namespace {

constexpr std::string_view kNot = "!";  // a marker that must be absent

bool has(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

// Every marker present; those that start with '!' absent.
bool matches(std::string_view jinja, std::initializer_list<std::string_view> markers) {
  return std::all_of(markers.begin(), markers.end(), [&](std::string_view m) {
    return m.substr(0, 1) == kNot ? !has(jinja, m.substr(1)) : has(jinja, m);
  });
}

// Reads a Jinja string from `at` up to the first of `end`; empty where the string closes first or escapes are unknown.
std::optional<std::string> read_literal(std::string_view jinja, std::size_t at, char quote, std::string_view end) {
  std::string out;
  while (at < jinja.size() && jinja.substr(at, end.size()) != end) {
    char c = jinja[at++];
    if (c == quote) return std::nullopt;
    if (c == '\\') {
      if (at >= jinja.size()) return std::nullopt;
      c = jinja[at++];
      if (c == 'n') {
        c = '\n';
      } else if (c != '\\' && c != '\'' && c != '"') {
        return std::nullopt;
      }
    }
    out += c;
  }
  if (at >= jinja.size()) return std::nullopt;
  return out;
}

// The text between "<|im_start|>system" + newline and "<|im_end|>" inside one Jinja string.
std::optional<std::string> default_system(std::string_view jinja) {
  constexpr std::string_view kOpen = "<|im_start|>system";
  for (std::size_t at = jinja.find(kOpen); at != std::string_view::npos; at = jinja.find(kOpen, at + 1)) {
    if (at == 0) continue;
    const char quote = jinja[at - 1];
    std::size_t from = at + kOpen.size();
    if (jinja.substr(from, 2) == "\\n") {
      from += 2;
    } else if (jinja.substr(from, 1) == "\n") {
      ++from;
    } else {
      continue;
    }
    if (quote != '\'' && quote != '"') continue;
    if (auto text = read_literal(jinja, from, quote, "<|im_end|>")) return text;
  }
  return std::nullopt;
}

Family chatml(std::string name) {
  Family f;
  f.name = std::move(name);
  f.system = Around{"<|im_start|>system\n", "<|im_end|>\n"};
  f.user = Around{"<|im_start|>user\n", "<|im_end|>\n"};
  f.assistant = Around{"<|im_start|>assistant\n", "<|im_end|>\n"};
  f.generation = "<|im_start|>assistant\n";
  f.stops = {"<|im_end|>", "<|endoftext|>"};
  f.needs_message = true;
  return f;
}

std::optional<Family> recognise_chatml(std::string_view jinja) {
  if (!matches(jinja, {"<|im_start|>", "<|im_end|>", "add_generation_prompt", "!## Metadata", "!raise_exception"}))
    return {};
  const bool tools = has(jinja, "<tool_call>");
  if (tools && matches(jinja, {"ns.last_query_index", "reasoning_content", "loop.index0 > ns.last_query_index"})) {
    Family f = chatml("chatml-qwen3");
    f.thoughts = Thoughts::kQwen3;
    if (has(jinja, "'<|im_start|>assistant\\n<think>\\n'")) f.generation += "<think>\n";
    if (has(jinja, "enable_thinking is false")) f.thinking_off = "<think>\n\n</think>\n\n";
    return f;
  }
  if (tools && matches(jinja, {"content.split('</think>')[-1].lstrip('\\n')", "if not loop.last", "!reasoning_content",
                               "'<|im_start|>assistant\\n<think>\\n'"})) {
    Family f = chatml("chatml-qwq");
    f.thoughts = Thoughts::kDropEarlier;
    f.generation += "<think>\n";
    if (has(jinja, "if not enable_thinking")) f.thinking_off = f.thinking_unset = "</think>";
    return f;
  }
  if (tools &&
      matches(jinja, {"(message.role == \"system\" and not loop.first) or (message.role == \"assistant\" and not "
                      "message.tool_calls)",
                      "!think"})) {
    Family f = chatml("chatml-qwen2.5");
    f.default_system = default_system(jinja);
    if (!f.default_system) return {};
    return f;
  }
  // Qwen2, SmolLM2 and kin: one loop that prints role and content of every message.
  if (!tools &&
      matches(jinja, {"message['role'] + '", "message['content'] + '", "!think", "!tool", "!trim", "!strip"})) {
    Family f = chatml("chatml");
    f.needs_message = false;
    f.default_system = default_system(jinja);
    if (!f.default_system && has(jinja, "loop.first")) return {};
    return f;
  }
  return {};
}

std::optional<Family> recognise_llama3(std::string_view jinja, std::string_view bos) {
  if (!matches(jinja, {"<|start_header_id|>", "<|end_header_id|>\\n\\n", "<|eot_id|>", "add_generation_prompt",
                       "!<|im_start|>", "!think"})) {
    return {};
  }
  Family f;
  auto header = [](std::string_view role) {
    return "<|start_header_id|>" + std::string(role) + "<|end_header_id|>\n\n";
  };
  f.start = bos;
  f.system = Around{header("system"), "<|eot_id|>"};
  f.user = Around{header("user"), "<|eot_id|>"};
  f.assistant = Around{header("assistant"), "<|eot_id|>"};
  f.generation = header("assistant");
  f.stops = {"<|eot_id|>", "<|eom_id|>", "<|end_of_text|>"};
  f.trim = true;
  if (matches(jinja, {"Cutting Knowledge Date: December 2023\\n", "\"Today Date: \" + date_string",
                      "messages[0]['content']|trim", "message['content'] | trim"})) {
    constexpr std::string_view kDate = "date_string = \"";
    const std::size_t at = jinja.find(kDate);
    const auto date = at == std::string_view::npos ? std::nullopt : read_literal(jinja, at + kDate.size(), '\n', "\"");
    if (!date) return {};
    f.name = "llama3.1";
    f.place = SystemPlace::kHeader;
    f.system_lead = "Cutting Knowledge Date: December 2023\nToday Date: " + *date + "\n\n";
    f.needs_message = true;
    return f;
  }
  if (matches(jinja,
              {"message['content'] | trim + '<|eot_id|>'", "loop.index0 == 0", "bos_token + content", "!tool"})) {
    f.name = "llama3";
    return f;
  }
  return {};
}

std::optional<Family> recognise_deepseek(std::string_view jinja, std::string_view bos) {
  if (!matches(jinja, {"{{bos_token}}{{ns.system_prompt}}", "set ns.system_prompt = message['content']",
                       "'<｜User｜>' + message['content']", "'<｜Assistant｜>' + content + '<｜end▁of▁sentence｜>'",
                       "content.split('</think>')[-1]", "!is_first_sp", "!is_last_user"})) {
    return {};
  }
  Family f;
  f.name = "deepseek-r1";
  f.start = bos;
  f.system = Around{};
  f.place = SystemPlace::kStart;
  f.user = Around{"<｜User｜>", ""};
  f.assistant = Around{"<｜Assistant｜>", "<｜end▁of▁sentence｜>"};
  f.thoughts = Thoughts::kDrop;
  f.generation = has(jinja, "<｜Assistant｜><think>\\n") ? "<｜Assistant｜><think>\n" : "<｜Assistant｜>";
  if (has(jinja, "if not enable_thinking")) f.thinking_off = f.thinking_unset = "</think>";
  f.stops = {"<｜end▁of▁sentence｜>"};
  f.reasoning = true;
  return f;
}

}  // namespace

Result<Family> recognise_family(std::string_view jinja, std::string_view bos) {
  for (auto& found : {recognise_chatml(jinja), recognise_llama3(jinja, bos), recognise_deepseek(jinja, bos)}) {
    if (found) return *found;
  }
  return make_error(Exit::kModel, "unknown_template",
                    "the model's chat template is of no family known here (Qwen2 to Qwen3, QwQ, SmolLM2, Llama 3, "
                    "DeepSeek-R1 distillations); describe it in a file and name it with --chat");
}

}  // namespace rm::text
