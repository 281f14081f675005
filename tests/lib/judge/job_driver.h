// Drives a job over a scripted generator, as rm-judge does, and hands back its judgment.
#pragma once

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <utility>

#include "lib/generate/runner.h"
#include "lib/generate/scripted.h"
#include "lib/judge/job.h"

namespace rm::judge {

inline generate::Reply text_reply(const std::string& text,
                                  generate::FinishReason finish = generate::FinishReason::kStop) {
  generate::Reply r;
  r.text = text;
  r.finish = finish;
  return r;
}

inline std::string verdict_trace(char letter) {
  return std::string("<type>Chat</type><answer>[[") + letter + "]]</answer>";
}

// The part of a prompt between two marks, e.g. an answer as the judge sees it.
inline std::string between(const std::string& text, const std::string& from, const std::string& to) {
  const std::size_t begin = text.find(from);
  if (begin == text.npos) return {};
  const std::size_t at = begin + from.size();
  return text.substr(at, text.find(to, at) - at);
}
inline std::string shown_a(const generate::Request& r) {
  return between(r.messages.back().content, "[Answer of chatbot A begins]\n", "\n[Answer of chatbot A ends]");
}
inline std::string shown_b(const generate::Request& r) {
  return between(r.messages.back().content, "[Answer of chatbot B begins]\n", "\n[Answer of chatbot B ends]");
}

struct Driven {
  std::optional<records::Judgment> judgment;
  std::optional<Error> failed;
  std::shared_ptr<generate::ScriptLog> log = std::make_shared<generate::ScriptLog>();
};

inline Driven drive(std::shared_ptr<Job> job, generate::Script script) {
  Driven d;
  auto generator = generate::scripted(std::move(script), d.log);
  generate::Runner runner(*generator);
  runner.add(job);
  for (int i = 0; i < 100'000 && !runner.idle(); ++i) {
    const auto ended = runner.pump();
    REQUIRE(ended.ok());
    if (ended->empty()) continue;
    REQUIRE(ended->size() == 1);
    if (job->failed) d.failed = job->failed;
    if (!job->failed) d.judgment = job->judgment();
  }
  CHECK(runner.idle());
  return d;
}

inline Driven drive(const std::string& record, const Settings& s, generate::Script script) {
  json::Document document;
  const auto value = document.parse(record);
  REQUIRE(value.ok());
  auto job = make_job(*value, {}, PromptSet::built_in(), s);
  REQUIRE(job.ok());
  return drive(std::shared_ptr<Job>(*std::move(job)), std::move(script));
}

}  // namespace rm::judge
