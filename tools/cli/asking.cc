#include "tools/cli/asking.h"

#include "lib/base/fd.h"
#include "lib/records/writer.h"
#include "tools/cli/report.h"

namespace rm::cli {

Result<Sampling> sampling_of(const Common& c, const Model& m, std::int64_t samples) {
  const Sampling s{m.temperature.value_or(samples > 1 ? 1.0 : 0.0), m.top_p.value_or(1.0), m.max_tokens, c.seed};
  if (s.top_p <= 0) return usage("0 leaves no token to choose; give more than 0, up to 1", "--top-p");
  if (samples > 1 && s.temperature == 0)
    return usage("is greedy: all samples would be the same; leave it out or give more than 0", "--temperature 0");
  return s;
}

Result<judge::PromptSet> prompts_of(const Model& m) {
  return m.prompt.empty() ? Result<judge::PromptSet>(judge::PromptSet::built_in()) : judge::PromptSet::read(m.prompt);
}

Result<void> refuse_terminal(const std::string& what_to_do) {
  const auto in = fd::kind(0, "");
  if (in && in->terminal) return usage("standard input is a terminal: " + what_to_do);
  return {};
}

Result<void> choose_inputs(const Common& c, const std::string& what_to_do, std::vector<std::string>& files) {
  if (!files.empty() && c.in_given) return usage("give files by name or with -i, not both", "-i");
  if (files.empty()) files.push_back(c.in);
  return files == std::vector<std::string>{"-"} ? refuse_terminal(what_to_do) : Result<void>();
}

Result<void> put_text(const Common& c, const std::string& input, std::string text) {
  while (text.ends_with('\n')) text.pop_back();
  RM_ASSIGN(auto out, records::Writer::open(c.out, {.input = input}));
  RM_TRY(out.write(text));
  return out.close();
}

}  // namespace rm::cli
