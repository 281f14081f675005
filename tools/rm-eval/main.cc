// rm-eval: benchmark files in, pairs out; judged records in, scores out. Picks the verb; the work is in the verbs' files.
#include <array>
#include <string>
#include <string_view>

#include "lib/base/escape.h"
#include "lib/base/fd.h"
#include "lib/base/signals.h"
#include "tools/cli/report.h"
#include "tools/rm-eval/verbs.h"
#include "version.h"

namespace rm::rmeval {
namespace {

struct Verb {
  const char *name, *about;
  int (*run)(int, char**);
};

constexpr std::array kVerbs{
    Verb{"prepare", "turn a benchmark's files into pairs for rm-judge", prepare},
    Verb{"score", "the published scores of judged records, with intervals", score},
    Verb{"compare", "whether judges of the same items differ, and where", compare},
    Verb{"vote", "one judgment of those of several judges, by majority", vote},
};

std::string help() {
  std::string out = "rm-eval: scores judges on reward-model benchmarks\n\nExamples:\n";
  out += "  rm-eval prepare rm-bench chat.json math.json | rm-judge | rm-eval score\n";
  out += "  rm-eval score --partial judged.jsonl\n";
  out += "  rm-eval compare old.jsonl new.jsonl\n";
  out += "\nVerbs (rm-eval VERB --help lists the flags of each):\n";
  for (const Verb& v : kVerbs)
    out += "  " + std::string(v.name) + std::string(12 - std::string_view(v.name).size(), ' ') + v.about + "\n";
  return out +
         "\nOther\n  --version   Print the version and end\n  --help      Print this and end; rm-eval(1) says more\n";
}

int print(const std::string& text) {
  const auto printed = cli::print(text);
  return static_cast<int>(printed ? Exit::kDone : printed.error().exit);
}

int end_with(const Error& e) {
  cli::report(kProgram, e);
  return static_cast<int>(e.exit);
}

int run(int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  for (const Verb& v : kVerbs) {
    if (verb == v.name) return v.run(argc - 1, argv + 1);
  }
  if (verb == "--help") return print(help());
  if (verb == "--version") return print("rm-eval " RM_VERSION "\n");
  std::string known;
  for (const Verb& v : kVerbs) known += (known.empty() ? "" : ", ") + std::string(v.name);
  return end_with(usage((verb.empty() ? "no verb given" : "\"" + escape_text(verb, 80) + "\" is no verb") +
                        "; expected one of " + known + " (rm-eval --help)"));
}

}  // namespace

int run_verb(cli::Parser& p, int argc, char** argv, const std::function<Result<Exit>()>& body) {
  const cli::Parsed parsed = p.parse(argc, argv);
  if (!parsed.go_on && parsed.exit == Exit::kDone) return print(parsed.text);
  if (!parsed.go_on) return cli::warn(kProgram, parsed.text), static_cast<int>(parsed.exit);
  const Result<Exit> ended = body();
  return ended ? static_cast<int>(*ended) : end_with(ended.error());
}

Result<void> check_side_by_side(const cli::Common& c, const std::vector<std::string>& files, const char* few) {
  if (files.size() < 2) return usage(few);
  if (c.in_given) return usage("give the files by name", "-i");
  if (!c.map.empty()) return usage("judged records have the fields of rm-jsonl(5)", "--map");
  return {};
}

Error usage(std::string message, std::string where) {
  return make_error(Exit::kUsage, "usage", std::move(message), std::move(where));
}

}  // namespace rm::rmeval

int main(int argc, char** argv) {
  rm::fd::guard_standard();
  rm::signals::install();
  return rm::cli::guarded(rm::rmeval::kProgram, [&] { return rm::rmeval::run(argc, argv); });
}
