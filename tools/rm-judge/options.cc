#include "tools/rm-judge/options.h"

#include <algorithm>

#include "lib/base/escape.h"
#include "lib/judge/rating.h"
#include "lib/judge/verdict.h"
#include "tools/cli/asking.h"
#include "tools/cli/record_run.h"
#include "tools/cli/report.h"

namespace rm::rmjudge {
namespace {

constexpr const char* kExamples =
    "Examples:\n"
    "  rm-judge -q \"Why is the sky blue?\" -a a.txt -b b.txt\n"
    "  rm-judge < pairs.jsonl > judged.jsonl\n"
    "  rm-judge -m MODEL -i pairs.jsonl -o judged.jsonl --resume\n"
    "  rm-judge --samples 8 --both-orders -i pairs.jsonl | jq .judgment.verdict\n"
    "  rm-judge -m http://localhost:8000/v1 -i pairs.jsonl -o judged.jsonl\n"
    "  rm-judge --serve localhost:8080\n";

using cli::usage;

Result<void> check_one(const Options& o) {
  const std::size_t answers = o.answers_a.size() + o.answers_b.size();
  if (!o.has_question || answers == 0) return usage("-q, -a and -b belong together: a question and its answers");
  if (answers < 2 && o.rate.empty())
    return usage("a single answer can only be rated (--rate 1-10); give -a and -b, or more of them, to compare");
  if (o.common.in_given)
    return usage("judges either the question of -q -a -b or the records of a file, not both", "-i");
  if (o.reparse || !o.retry.empty())
    return usage("reads judged records; it has no use for -q -a -b", o.reparse ? "--reparse" : "--retry");
  if (o.length.resume || !o.length.shard.empty() || !o.model.emit_batch.empty() || !o.model.from_batch.empty())
    return usage("--resume, --shard and batch files are for files of records, not for -q -a -b");
  const auto from_stdin =
      (o.question == "-") + std::ranges::count(o.answers_a, "-") + std::ranges::count(o.answers_b, "-");
  if (from_stdin > 1) return usage("only one of -q, -a and -b can be standard input");
  return {};
}

Result<void> check_records(const Options& o) {
  RM_TRY(cli::check_outputs(o.common, o.length, o.model));
  if (o.length.resume && (o.show_prompt || o.common.dry_run))
    return usage("goes on with judged records only", "--resume");
  if ((o.show_prompt || o.common.dry_run) && o.common.out != "-")
    return usage("print to standard output only, so that no judgments are overwritten",
                 "--show-prompt and --dry-run with -o");
  if (o.show_prompt && o.common.dry_run) return usage("--show-prompt and --dry-run exclude each other");
  if (!o.model.emit_batch.empty() && (o.reparse || o.show_prompt || o.common.dry_run || o.length.resume))
    return usage("writes requests and judges nothing; --reparse, --show-prompt, --dry-run and --resume do not apply",
                 "--emit-batch");
  if (o.reparse && !o.retry.empty()) return usage("--reparse asks no model and --retry does; choose one");
  if (o.reparse && (o.show_prompt || o.common.dry_run))
    return usage("asks no model; --show-prompt and --dry-run do not apply", "--reparse");
  if (o.common.in_given) return {};
  return cli::refuse_terminal("give pairs with -i FILE or a pipe, or one pair with -q -a -b (--help shows how)");
}

Result<void> check_serve(const Options& o) {
  if (o.one || o.common.in_given || o.common.out_given || o.reparse || !o.retry.empty() || o.show_prompt ||
      o.common.dry_run || o.length.resume || !o.length.shard.empty() || !o.model.emit_batch.empty() ||
      !o.model.from_batch.empty())
    return usage("answers requests; flags about files and single questions do not apply", "--serve");
  return {};
}

}  // namespace

cli::Parsed parse_flags(int argc, char** argv, Options& o) {
  cli::Parser p(kProgram, "judges which of two answers is better, with the reasoning written out", kExamples);
  p.group("One question")
      .text("-q", "TEXT", o.question, "The question; - is standard input", &o.has_question)
      .texts("-a", "FILE|TEXT", o.answers_a, "Answer A: a file where one of that name exists, else the text itself")
      .texts("-b", "FILE|TEXT", o.answers_b, "Answer B, likewise; more than two of -a and -b are ranked");
  p.group("Judging")
      .integer("--samples", "N", o.samples, 1, 1024, "Ask N times and let the majority decide (default 1)")
      .flag("--both-orders", o.settings.both_orders,
            "Ask with the answers in either order as well; disagreement is a tie")
      .flag("--shuffle", o.settings.shuffle, "Choose the order of answer_a and answer_b by hash too")
      .text("--rate", "LOW-HIGH", o.rate, "Rate every answer on its own instead of comparing, e.g. 1-10")
      .integer("--budget", "CALLS", o.budget, 1, 1'000'000'000,
               "Rank more than two answers within so many calls a record (default: every pair)")
      .choice("--retry", {"unparsed"}, o.retry, "Ask again where judged records have no verdict; pass the rest through")
      .choice("--verdict", {"strict", "rewardbench", "reward", "distill"}, o.verdict,
              "How a verdict is read from a trace")
      .choice("--rubric", {"record", "none"}, o.rubric,
              "Judge by the rubric that the record holds, or as the model likes (default)")
      .flag("--logprobs", o.settings.logprobs, "Report P(A) against P(B) at the verdict as confidence")
      .flag("--reparse", o.reparse, "Read the verdicts of judged records again; asks no model")
      .flag("--show-prompt", o.show_prompt, "Print the rendered prompts and their token ids instead of judging")
      .text("--serve", "ADDR:PORT", o.serve, "Judge over HTTP: a page, an API and rewards for RL (see rm-judge(1))");
  p.add(o.model).add(o.common).add(o.length);
  return p.parse(argc, argv);
}

Result<void> interpret(Options& o) {
  o.one = o.has_question || !o.answers_a.empty() || !o.answers_b.empty();
  RM_TRY(!o.serve.empty() ? check_serve(o) : o.one ? check_one(o) : check_records(o));
  RM_ASSIGN(o.map, records::parse_field_map(o.common.map));
  RM_ASSIGN(o.shard, records::parse_shard(o.length.shard, o.length.shard_by));
  const auto mode = judge::parse_mode(o.verdict);
  if (!mode) return usage("unknown mode", "--verdict " + o.verdict);
  judge::Settings& s = o.settings;
  s.verdict = *mode;
  s.rubric = o.rubric == "record";
  if (s.rubric && (o.one || o.reparse || !o.serve.empty() || !o.rate.empty()))
    return usage("is for files of records to be compared; -q, --reparse, --rate and --serve do not apply",
                 "--rubric record");
  s.samples = static_cast<int>(o.samples);
  RM_ASSIGN(const cli::Sampling how, cli::sampling_of(o.common, o.model, o.samples));
  s.temperature = how.temperature;
  s.top_p = how.top_p;
  s.max_tokens = how.max_tokens;
  s.seed = how.seed;
  s.budget = o.budget;
  if (!o.rate.empty()) {
    s.rate = judge::parse_scale(o.rate);
    if (!s.rate)
      return usage("is no scale; write LOW-HIGH in whole numbers, as in 1-10", "--rate " + escape_text(o.rate, 40));
    if (s.both_orders || s.shuffle || s.logprobs || o.budget > 0)
      return usage("reads answers one by one; --both-orders, --shuffle, --logprobs and --budget do not apply",
                   "--rate");
  }
  return {};
}

}  // namespace rm::rmjudge
