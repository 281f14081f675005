// A judging server over a scripted model, for benchmarks and browsers: serve-probe [ADDRESS:PORT] [--pause MS] [--verbose]
//
// Prints its URL on standard output once it listens. The model decides for the answer with the word "right" (or of the page's example; else A); with
// --pause it writes 24 bytes, waits, and goes on. A question with "[no verdict]" gets none.
#include <cstdio>
#include <cstring>
#include <string>

#include "lib/base/number.h"
#include "lib/base/signals.h"
#include "lib/serve/server.h"
#include "tests/lib/serve/talker.h"

namespace {

using rm::tests::all_text;

constexpr const char* kTrace = R"(<type>Chat</type>
<rubric>
1. Truth (50%): What the answer says is so, and can be checked.
2. Help (30%): It gives the person what they need to go on.
3. Tone (20%): It is kind, and as long as it has to be.
<justify>A wrong answer helps nobody, however kind it is; so truth weighs most.</justify>
</rubric>
<eval>
Both answers meet the question head on, so what is left is whether they hold.
<quote_A>the first answer's own words</quote_A>
<summary_A>It goes step by step, and every step holds.</summary_A>
<quote_B>the second answer's own words</quote_B>
<summary_B>It sounds sure, but adds where it should take away.</summary_B>
On truth the one is ahead; on tone they are alike.
</eval>
<answer>[[X]]</answer>)";

std::string say(const rm::generate::Request& r) {
  const std::string text = all_text(r);
  if (text.find("[no verdict]") != std::string::npos) return "<type>Chat</type>\nI cannot tell.";
  if (text.find("[[N]]") != std::string::npos) return "It is sound, and kindly put. <answer>[[8]]</answer>";
  std::string trace(kTrace);
  const auto last = [&text](const char* a, const char* b) {
    const std::size_t at = text.rfind(a);
    return at != std::string::npos ? at : text.rfind(b);
  };
  const std::size_t right = last("right", "3 hours and 10"), wrong = last("wrong", "3 hours and 40");
  const bool b = right != std::string::npos && wrong != std::string::npos && right > wrong;
  trace[trace.rfind('X')] = b ? 'B' : 'A';
  return trace;
}

}  // namespace

int main(int argc, char** argv) {
  rm::serve::Options options;
  rm::tests::Talker::Options talk{say};
  talk.piece = 24;
  for (int i = 1; i < argc; ++i) {
    if (std::strcmp(argv[i], "--verbose") == 0) {
      options.verbose = true;
    } else if (std::strcmp(argv[i], "--pause") == 0 && i + 1 < argc) {
      talk.pause = std::chrono::milliseconds(rm::parse_int(argv[++i]).value_or(0));
    } else if (auto o = rm::serve::parse_address(argv[i])) {
      options.host = o->host;
      options.port = o->port;
    } else {
      std::fprintf(stderr, "serve-probe: %s\n", o.error().message.c_str());
      return 2;
    }
  }
  rm::signals::install();
  rm::tests::Talker talker(std::move(talk));
  const auto prompts = rm::judge::PromptSet::built_in();
  rm::serve::Judging judging;
  judging.prompts = &prompts;
  auto server = rm::serve::Server::open(options, talker, judging, [](const std::string& line) {
    std::fprintf(stderr, "serve-probe: %s\n", line.c_str());
  });
  if (!server) {
    std::fprintf(stderr, "serve-probe: %s\n", server.error().message.c_str());
    return static_cast<int>(server.error().exit);
  }
  std::printf("%s\n", (*server)->url().c_str());
  std::fflush(stdout);
  return static_cast<int>((*server)->run());
}
