#include "tools/rm-distill/pass.h"

#include <algorithm>
#include <chrono>

#include "lib/base/atomic_file.h"
#include "lib/base/number.h"
#include "tools/cli/asking.h"
#include "tools/cli/open.h"
#include "tools/cli/record_run.h"

namespace rm::rmdistill {
namespace {

using Clock = std::chrono::steady_clock;

Result<void> check_budget(const PassOptions& o) {
  if (o.max_cost_tokens == 0) return {};
  const bool asks = o.model.emit_batch.empty() && o.model.from_batch.empty() && !o.common.dry_run;
  if (!asks) return usage("bounds what is asked of a model; nothing is asked here", "--max-cost-tokens");
  return {};
}

struct Ran {
  cli::Outcome outcome;
  std::string teacher, prompt_id;
  double seconds = 0;
  Exit exit = Exit::kDone;
};

std::string summary_json(const PassOptions& o, const Ran& r, const distill::Tally& t) {
  std::string out;
  json::Writer w(out);
  w.begin_object().member("records", r.outcome.records).member("resumed", r.outcome.resumed);
  w.member("failed", r.outcome.failed + t.failed_before()).member("skipped", r.outcome.skipped);
  t.write(w);
  w.member("filter", std::string_view(o.filter)).member("teacher", std::string_view(r.teacher));
  if (!r.prompt_id.empty()) w.member("prompt_id", std::string_view(r.prompt_id));
  w.member("seed", o.common.seed).member("seconds", r.seconds).member("exit", static_cast<std::int64_t>(r.exit));
  w.end_object();
  return out;
}

void tell(const char* verb, const Ran& r, const distill::Tally& t) {
  const cli::Outcome& e = r.outcome;
  std::string head =
      format_grouped(e.records) + (e.records == 1 ? " record" : " records") + " in " + format_duration(r.seconds);
  if (e.resumed > 0) head += " (" + format_grouped(e.resumed) + " were done before)";
  if (const auto n = e.failed + t.failed_before(); n > 0) head += ", " + format_grouped(n) + " failed";
  if (e.skipped > 0) head += ", " + format_grouped(e.skipped) + " left out";
  const std::string program = std::string(kProgram) + " " + verb;
  const std::string text = t.text();
  const std::size_t end = text.find('\n');
  cli::warn(program, head + ": " + text.substr(0, end));
  cli::warn(program, text.substr(end + 1));
}

}  // namespace

void add_flags(cli::Parser& p, PassOptions& o) {
  p.group("Chains")
      .choice("--filter", {"distill", "strict"}, o.filter,
              "Keep chains whose last 100 characters hold the right [[X]] (default), or whose answer block is right")
      .integer("--max-cost-tokens", "N", o.max_cost_tokens, 1, 1'000'000'000'000'000,
               "Stop with 75 before prompts and replies of this run come to more than N tokens");
  p.add(o.model).add(o.common).add(o.length);
}

Result<void> interpret(PassOptions& o) {
  RM_TRY(cli::check_outputs(o.common, o.length, o.model));
  RM_TRY(check_budget(o));
  const bool emits = !o.model.emit_batch.empty();
  if (o.common.dry_run && (o.length.resume || o.common.out != "-" || emits))
    return usage("counts only; -o, --resume and --emit-batch do not apply", "--dry-run");
  if (emits && o.length.resume) return usage("writes requests, no records; --resume does not apply", "--emit-batch");
  RM_ASSIGN(o.shard, records::parse_shard(o.length.shard, o.length.shard_by));
  distill::Settings& s = o.settings;
  s.filter = *distill::parse_filter(o.filter);
  s.form = o.model.form == "plain" ? judge::Form::kPlain : judge::Form::kCor;
  RM_ASSIGN(const cli::Sampling how, cli::sampling_of(o.common, o.model));
  s.temperature = how.temperature;
  s.top_p = how.top_p;
  s.max_tokens = how.max_tokens;
  s.seed = how.seed;
  return o.common.in_given ? Result<void>() : cli::refuse_terminal("give records with -i FILE or a pipe");
}

cli::Begun Pass::asked(std::unique_ptr<distill::ChainTask> task) {
  ++in_flight_;
  return {std::move(task), {}};
}

Result<cli::Finished> Pass::finish(const records::Line& line, generate::Task& task) {
  const records::ChainRecord& r = static_cast<const distill::ChainTask&>(task).record();
  --in_flight_;
  ++replies_;
  spent_ += r.chain.prompt_tokens + r.chain.completion_tokens;
  return cli::Finished{records::chain_record(line.text, r, writes_messages_),
                       {},
                       [this, c = distill::Tally::Entry(r.chain)] { tally_.add(c, true); }};
}

std::vector<records::Field> Pass::failure_fields(const generate::Task* task) {
  if (task == nullptr) return {};
  --in_flight_;
  const std::string teacher = generator_ != nullptr ? generator_->model_name() : "";
  return records::chain_fields(static_cast<const distill::ChainTask*>(task)->failed_record(teacher), writes_messages_);
}

// What is under way is reckoned at the mean of the replies so far.
std::optional<Error> Pass::enough() const {
  if (o_.max_cost_tokens == 0 || replies_ == 0) return std::nullopt;
  const double mean = static_cast<double>(spent_) / static_cast<double>(replies_);
  const double expected = static_cast<double>(spent_) + static_cast<double>(in_flight_ + 1) * mean;
  if (expected <= static_cast<double>(o_.max_cost_tokens)) return std::nullopt;
  return make_error(Exit::kStopped, "budget",
                    "one more record would go beyond " +
                        format_grouped(static_cast<std::uint64_t>(o_.max_cost_tokens)) +
                        " tokens; the records so far are written, and --resume goes on behind them",
                    "--max-cost-tokens");
}

Result<Exit> run_pass(const PassOptions& o, const char* verb, Pass& pass, const std::string& prompt_id,
                      std::span<const std::string_view> stale) {
  const auto start = Clock::now();
  cli::RecordRun run{kProgram, &o.common, &o.length, &o.model, o.shard};
  run.mode = cli::mode_of(o.common, o.model);
  run.own = records::own_chain_fields();
  run.stale = stale;
  std::unique_ptr<generate::Generator> generator;
  if (run.mode != cli::Mode::kEmitBatch) {
    RM_ASSIGN(generator, cli::open_generator(o.model, false, [&o](const std::string& message) {
                if (!o.common.quiet) cli::warn(kProgram, message);
              }));
    pass.ask(*generator);
  }
  Ran ran;
  ran.outcome = cli::run_records(run, generator.get(), pass);
  ran.teacher = generator ? generator->model_name() : o.model.api_model;
  ran.prompt_id = prompt_id;
  ran.seconds = std::chrono::duration<double>(Clock::now() - start).count();
  const cli::Outcome& end = ran.outcome;
  const distill::Tally& tally = pass.tally();
  ran.exit = end.error                                              ? end.error->exit
             : end.failed + end.skipped + tally.failed_before() > 0 ? Exit::kSomeFailed
                                                                    : Exit::kDone;
  if (!o.common.summary.empty()) {
    auto written = write_file_atomically(o.common.summary, summary_json(o, ran, tally) + "\n");
    if (!written && !end.error) return written.error();
  }
  if (run.mode == cli::Mode::kAsk && !o.common.quiet && end.records > 0) tell(verb, ran, tally);
  if (end.error) return *end.error;
  return ran.exit;
}

}  // namespace rm::rmdistill
