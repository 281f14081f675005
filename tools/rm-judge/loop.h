// The work on a file of records: read, ask, decide, write; one record in, one out, in the order of the input.
//
// Keeps as many requests in flight as the generator wants and hands out records as soon as those before them are done. A bad
// record never stops the run unless asked to; a requested stop, a full disk or a broken generator does, after the finished
// records before that point are written. Owns nothing but its window; one thread (reading has its own: read_ahead.h).
#pragma once

#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "lib/base/progress.h"
#include "lib/generate/batch_file.h"
#include "lib/generate/generator.h"
#include "lib/judge/runner.h"
#include "lib/records/writer.h"
#include "tools/rm-judge/counts.h"
#include "tools/rm-judge/options.h"
#include "tools/rm-judge/read_ahead.h"

namespace rm::rmjudge {

enum class Work { kJudge, kRetry, kReparse, kShowPrompt, kDryRun, kEmitBatch };

struct LoopOptions {
  Work work = Work::kJudge;
  OnError on_error = OnError::kRecord;
  records::FieldMap map;
  judge::Settings settings;
  bool quiet = false;
};

struct Sizes {  // --dry-run, --emit-batch
  std::uint64_t prompts = 0, too_long = 0;
  std::int64_t tokens = 0, longest = 0;
};

struct Outcome {
  Counts counts;
  Sizes sizes;
  std::optional<Error> error;  // why the run ended before its input did
};

class Loop {
 public:
  // `generator` may be null for kReparse and kEmitBatch. `progress` may be null. All of them outlive the loop.
  Loop(ReadAhead& in, records::Writer& out, generate::Generator* generator, const judge::PromptSet& prompts,
       LoopOptions options, Progress* progress);

  // `tell` gets the message of each failed record.
  Outcome run(const std::function<void(const std::string&)>& tell);
  void resumed(std::uint64_t lines) { outcome_.counts.resumed = lines; }
  void emit_to(generate::BatchWriter& batch) { batch_ = &batch; }  // kEmitBatch: needed, outlives the loop

 private:
  struct Item {
    records::Line line;
    bool done = false, skip = false, failed = false, judged = false;
    std::string out;
    std::optional<records::Judgment> judgment;  // for the counts
  };
  using Jobs = std::vector<std::shared_ptr<judge::Job>>;

  bool step();  // false: nothing is left to do, or outcome_.error is set
  void fill();
  void accept(records::Line line);
  Result<void> begin(const std::shared_ptr<Item>& item);
  Result<void> begin_again(const std::shared_ptr<Item>& item, const json::Value& record);
  Result<void> reparse(Item& item, const json::Value& record);
  Result<void> show(Item& item, judge::Job& job);
  Result<void> measure(Item& item, judge::Job& job);
  Result<void> emit(Item& item, judge::Job& job);
  void start(const std::shared_ptr<Item>& item, std::shared_ptr<judge::Job> job);
  void ended(const Result<Jobs>& jobs);
  void finish(Item& item, const judge::Job& job);
  void tell_missing(const Item& item);
  void fail(Item& item, const Error& e);
  void flush();
  void stop_with(const Error& e);
  bool room() const;
  bool hungry() const { return !runner_ || runner_->wants_more(); }

  ReadAhead& in_;
  records::Writer& out_;
  generate::Generator* generator_;
  const judge::PromptSet& prompts_;
  LoopOptions o_;
  Progress* progress_;
  generate::BatchWriter* batch_ = nullptr;
  const std::function<void(const std::string&)>* tell_ = nullptr;
  std::optional<judge::Runner> runner_;
  std::unordered_map<const judge::Job*, std::shared_ptr<Item>> asked_;
  Outcome outcome_;
  std::optional<Error> ended_;  // the input's, kept until the work before it is done
  bool input_done_ = false;
  json::Document doc_;
  std::deque<std::shared_ptr<Item>> window_;
  std::size_t window_bytes_ = 0;
  std::uint64_t first_bad_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace rm::rmjudge
