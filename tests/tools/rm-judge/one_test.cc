// What a person sees of one judged pair, from a scripted reply; standard output goes to a file meanwhile.
#include <doctest/doctest.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

#include "lib/generate/scripted.h"
#include "tools/rm-judge/one.h"

using namespace rm;
using namespace rm::rmjudge;

namespace {

std::string seen(const std::string& trace, judge::Settings settings = {}) {
  char name[] = "/tmp/rm-judge-one-XXXXXX";
  const int file = mkstemp(name);
  const int saved = dup(1);
  dup2(file, 1);
  Options o;
  const Question q{"q", {"A", "B"}, {"x", "y"}};
  generate::Script script;
  script.answer = [&](const generate::Request&) {
    generate::Reply r;
    r.text = trace;
    return r;
  };
  auto generator = generate::scripted(script);
  const auto counts = judge_one(o, settings, q, *generator, judge::PromptSet::built_in());
  dup2(saved, 1);
  close(saved);
  close(file);
  std::ifstream in(name);
  std::stringstream text;
  text << in.rdbuf();
  unlink(name);
  CHECK(counts.ok());
  return text.str();
}

}  // namespace

TEST_CASE("a judged pair shows its trace, its rubric and its verdict") {
  const std::string trace =
      "<type>Chat</type>\n<rubric>\n1. Accuracy (60%): the facts are right\n2. Tone (40%): it is "
      "kind\n<justify>why</justify>\n</rubric>\n"
      "<eval>A is right.</eval>\n<answer>[[A]]</answer>";
  const std::string out = seen(trace);
  CAPTURE(out);
  CHECK(out.starts_with(trace + "\n"));
  CHECK(out.find("\nRubric\n  60 %  Accuracy\n        the facts are right\n  40 %  Tone\n        it is kind\n") !=
        std::string::npos);
  CHECK(out.ends_with("\nVerdict\n        A is better\n"));
  CHECK(out.find('\x1b') == std::string::npos);
}

TEST_CASE("a trace without a verdict says so") {
  CHECK(seen("I cannot tell.").ends_with("none: the trace does not state one\n"));
  CHECK(seen("<answer>[[A]]</answer><answer>[[B]]</answer>").ends_with("none: the trace contradicts itself\n"));
}

TEST_CASE("several samples are shown one after the other, with their votes") {
  judge::Settings s;
  s.both_orders = true;
  const std::string out = seen("<answer>[[A]]</answer>", s);
  CAPTURE(out);
  CHECK(out.find("Sample 1 of 2\n") != std::string::npos);
  CHECK(out.find("Sample 2 of 2, answers in reverse order\n") != std::string::npos);
  CHECK(out.find("        tie\n        votes: A 1, B 1, none 0\n") != std::string::npos);
  CHECK(out.find("both orders disagree") != std::string::npos);
}
