#include "tools/rm-judge/options.h"

#include "lib/base/fd.h"
#include "lib/judge/verdict.h"

namespace rm::rmjudge {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  rm-judge -q \"Why is the sky blue?\" -a a.txt -b b.txt\n"
    "  rm-judge < pairs.jsonl > judged.jsonl\n"
    "  rm-judge -m MODEL -i pairs.jsonl -o judged.jsonl --resume\n"
    "  rm-judge --samples 8 --both-orders -i pairs.jsonl | jq .judgment.verdict\n";

Error usage(std::string message, std::string where = {}) {
  return make_error(Exit::kUsage, "usage", std::move(message), std::move(where));
}

Result<void> check_one(const Options& o) {
  if (!o.has_question || !o.has_a || !o.has_b)
    return usage("-q, -a and -b belong together: a question and its two answers");
  if (o.common.in_given) return usage("judges either the pair of -q -a -b or the records of a file, not both", "-i");
  if (o.reparse) return usage("reads judged records; it has no use for -q -a -b", "--reparse");
  if (o.length.resume || !o.length.shard.empty())
    return usage("--resume and --shard are for files of records, not for -q -a -b");
  const int from_stdin = (o.question == "-") + (o.answer_a == "-") + (o.answer_b == "-");
  if (from_stdin > 1) return usage("only one of -q, -a and -b can be standard input");
  return {};
}

Result<void> check_records(const Options& o) {
  if (o.length.resume && o.common.out == "-") return usage("needs a file to go on with: name it with -o", "--resume");
  if (o.length.resume && (o.show_prompt || o.common.dry_run))
    return usage("goes on with judged records only", "--resume");
  if ((o.show_prompt || o.common.dry_run) && o.common.out != "-")
    return usage("print to standard output only, so that no judgments are overwritten", "--show-prompt and --dry-run with -o");
  if (!o.common.summary.empty() && (o.common.summary == o.common.out || o.common.summary == o.common.in))
    return usage("would overwrite the records: give the summary a file of its own", "--summary");
  if (o.show_prompt && o.common.dry_run) return usage("--show-prompt and --dry-run exclude each other");
  if (o.reparse && (o.show_prompt || o.common.dry_run))
    return usage("asks no model; --show-prompt and --dry-run do not apply", "--reparse");
  if (o.common.in_given) return {};
  const auto in = fd::kind(0, "");
  if (in && in->terminal) {
    return usage(
        "standard input is a terminal: give pairs with -i FILE or a pipe, or one pair with -q -a -b (--help shows "
        "how)");
  }
  return {};
}

}  // namespace

cli::Parsed parse_flags(int argc, char** argv, Options& o) {
  cli::Parser p(kProgram, "judges which of two answers is better, with the reasoning written out", kExamples);
  p.group("One pair")
      .text("-q", "TEXT", o.question, "The question; - is standard input", &o.has_question)
      .text("-a", "FILE|TEXT", o.answer_a, "Answer A: a file where one of that name exists, else the text itself",
            &o.has_a)
      .text("-b", "FILE|TEXT", o.answer_b, "Answer B, likewise", &o.has_b);
  p.group("Judging")
      .integer("--samples", "N", o.samples, 1, 1024, "Ask N times and let the majority decide (default 1)")
      .flag("--both-orders", o.settings.both_orders,
            "Ask with the answers in either order as well; disagreement is a tie")
      .flag("--shuffle", o.settings.shuffle, "Choose the order of answer_a and answer_b by hash too")
      .choice("--verdict", {"strict", "rewardbench", "reward", "distill"}, o.verdict,
              "How a verdict is read from a trace")
      .flag("--logprobs", o.settings.logprobs, "Report P(A) against P(B) at the verdict as confidence")
      .flag("--reparse", o.reparse, "Read the verdicts of judged records again; asks no model")
      .flag("--show-prompt", o.show_prompt, "Print the rendered prompts and their token ids instead of judging");
  p.add(o.model).add(o.common).add(o.length);
  return p.parse(argc, argv);
}

Result<void> interpret(Options& o) {
  o.one = o.has_question || o.has_a || o.has_b;
  RM_TRY(o.one ? check_one(o) : check_records(o));
  RM_ASSIGN(o.map, records::parse_field_map(o.common.map));
  RM_ASSIGN(o.shard, records::parse_shard(o.length.shard, o.length.shard_by));
  o.on_error = o.common.on_error == "skip"   ? OnError::kSkip
               : o.common.on_error == "stop" ? OnError::kStop
                                             : OnError::kRecord;
  const auto mode = judge::parse_mode(o.verdict);
  if (!mode) return usage("unknown mode", "--verdict " + o.verdict);
  judge::Settings& s = o.settings;
  s.verdict = *mode;
  s.samples = static_cast<int>(o.samples);
  s.temperature = o.model.temperature.value_or(s.samples > 1 ? 1.0 : 0.0);
  s.top_p = o.model.top_p.value_or(1.0);
  if (s.top_p <= 0) return usage("0 leaves no token to choose; give more than 0, up to 1", "--top-p");
  if (s.samples > 1 && s.temperature == 0)
    return usage("is greedy: all samples would be the same; leave it out or give more than 0", "--temperature 0");
  s.max_tokens = o.model.max_tokens;
  s.seed = o.common.seed;
  return {};
}

}  // namespace rm::rmjudge
