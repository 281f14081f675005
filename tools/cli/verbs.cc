#include "tools/cli/verbs.h"

#include <string>
#include <string_view>

#include "lib/base/escape.h"
#include "lib/base/fd.h"
#include "lib/base/signals.h"
#include "tools/cli/report.h"
#include "version.h"

namespace rm::cli {
namespace {

std::string help(const Program& p) {
  const std::string name = p.name;
  std::string out = name + ": " + p.about + "\n\nExamples:\n" + p.examples;
  out += "\nVerbs (" + name + " VERB --help lists the flags of each):\n";
  for (const Verb& v : p.verbs)
    out += "  " + std::string(v.name) + std::string(12 - std::string_view(v.name).size(), ' ') + v.about + "\n";
  return out + "\nOther\n  --version   Print the version and end\n  --help      Print this and end; " + name +
         "(1) says more\n";
}

int put(const std::string& text) {
  const auto printed = print(text);
  return static_cast<int>(printed ? Exit::kDone : printed.error().exit);
}

int end_with(std::string_view program, const Error& e) {
  report(program, e);
  return static_cast<int>(e.exit);
}

}  // namespace

int run_program(const Program& p, int argc, char** argv) {
  const std::string_view verb = argc > 1 ? argv[1] : "";
  for (const Verb& v : p.verbs) {
    if (verb == v.name) return v.run(argc - 1, argv + 1);
  }
  if (p.otherwise != nullptr) return p.otherwise(argc, argv);
  const std::string name = p.name;
  if (verb == "--help") return put(help(p));
  if (verb == "--version") return put(name + " " RM_VERSION "\n");
  std::string known;
  for (const Verb& v : p.verbs) known += (known.empty() ? "" : ", ") + std::string(v.name);
  return end_with(name, usage((verb.empty() ? "no verb given" : "\"" + escape_text(verb, 80) + "\" is no verb") +
                              "; expected one of " + known + " (" + name + " --help)"));
}

int main_of(const Program& p, int argc, char** argv) {
  fd::guard_standard();
  signals::install();
  return guarded(p.name, [&] { return run_program(p, argc, argv); });
}

int run_verb(Parser& p, int argc, char** argv, const std::function<Result<Exit>()>& body) {
  const Parsed parsed = p.parse(argc, argv);
  if (!parsed.go_on && parsed.exit == Exit::kDone) return put(parsed.text);
  if (!parsed.go_on) return warn(p.program(), parsed.text), static_cast<int>(parsed.exit);
  const Result<Exit> ended = body();
  return ended ? static_cast<int>(*ended) : end_with(p.program(), ended.error());
}

}  // namespace rm::cli
