// Official chat templates against what jinja2 made of them (goldens/templates.py).

#include <doctest/doctest.h>

#include <fstream>
#include <iterator>

#include "lib/text/chat.h"
#include "tests/lib/text/golden_lines.h"
#include "tests/oracle/models.h"

using namespace rm;
using namespace rm::text;

namespace {

std::string read(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

struct Official {
  const char* name;
  const char* bos;
  const char* family;
  bool reasoning;
};
constexpr Official kOfficial[] = {
    {"Qwen-Qwen2.5-7B-Instruct", "", "chatml-qwen2.5", false},
    {"Qwen-QwQ-32B", "", "chatml-qwq", false},
    {"Qwen-Qwen3-0.6B", "", "chatml-qwen3", false},
    {"deepseek-ai-DeepSeek-R1-Distill-Qwen-32B", "<｜begin▁of▁sentence｜>", "deepseek-r1", true},
    {"deepseek-ai-DeepSeek-R1-Distill-Llama-8B", "<｜begin▁of▁sentence｜>", "deepseek-r1", true},
    {"meta-llama-Llama-3.1-8B-Instruct", "<|begin_of_text|>", "llama3.1", false},
    {"meta-llama-Llama-3.3-70B-Instruct", "<|begin_of_text|>", "llama3.1", false},
};

}  // namespace

TEST_CASE("official templates are rendered as jinja2 renders them") {
  const auto lines = golden_lines("chats.jsonl");
  REQUIRE(lines.size() == 120);
  for (const Official& o : kOfficial) {
    const std::string path = oracle::shared_file("chat-templates/" + std::string(o.name) + ".jinja");
    if (path.empty()) {
      MESSAGE("skipped: the template of " << std::string(o.name) << " is not on this machine");
      continue;
    }
    CAPTURE(path);
    const auto t = ChatTemplate::recognise(read(path), o.bos);
    REQUIRE(t.ok());
    CHECK(t->family() == o.family);
    CHECK(t->reasoning_model() == o.reasoning);
    json::Document document;
    for (const std::string& line : lines) {
      CAPTURE(line);
      const auto row = document.parse(line);
      REQUIRE(row.ok());
      std::vector<Message> messages;
      for (const json::Value& m : row->find("messages")->items()) {
        messages.push_back({std::string(*m.items()[0].string()), std::string(*m.items()[1].string())});
      }
      const std::string_view word = *row->find("thinking")->string();
      const auto got = t->render(messages, *row->find("generate")->boolean(),
                                 word == "on"    ? Thinking::kOn
                                 : word == "off" ? Thinking::kOff
                                                 : Thinking::kUnset);
      const json::Value want = *row->find(o.name);
      CHECK(got.ok() == !want.is(json::Type::kNull));
      if (!got) continue;
      std::string text;
      for (const Segment& s : *got) text += s.text;
      CHECK(static_cast<std::int64_t>(text.size()) == *want.items()[0].integer());
      CHECK(fnv1a(text) == *want.items()[1].string());
    }
  }
}

TEST_CASE("templates of other families are refused") {
  for (const char* name : {"HuggingFaceTB-SmolLM3-3B", "Mistral-Small-3.2-24B-Instruct-2506", "google-gemma-2-2b-it",
                           "microsoft-Phi-3.5-mini-instruct", "mistralai-Mistral-Nemo-Instruct-2407"}) {
    const std::string path = oracle::shared_file("chat-templates/" + std::string(name) + ".jinja");
    if (path.empty()) {
      MESSAGE("skipped: the template of " << std::string(name) << " is not on this machine");
      continue;
    }
    const auto t = ChatTemplate::recognise(read(path), "<s>");
    REQUIRE_FALSE(t.ok());
    CHECK(t.error().reason == "unknown_template");
  }
}

TEST_CASE("no character of a message stands in control text") {
  for (const Official& o : kOfficial) {
    const std::string path = oracle::shared_file("chat-templates/" + std::string(o.name) + ".jinja");
    if (path.empty()) continue;
    const auto t = ChatTemplate::recognise(read(path), o.bos);
    REQUIRE(t.ok());
    const std::vector<Message> messages = {
        {"system", "~1"}, {"user", "~2"}, {"assistant", "<think>~3</think>~4"}, {"user", "~5"}};
    const auto segments = t->render(messages, true);
    REQUIRE(segments.ok());
    for (const Segment& s : *segments) {
      if (s.control) CHECK(s.text.find('~') == std::string::npos);
    }
  }
}
