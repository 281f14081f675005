// The way of a file of records through a generator: read, ask, write; one record in, one out, in the order of the input.
//
// Keeps as many requests in flight as the generator wants and hands out records as soon as those before them are done. A bad
// record never stops the run unless asked to; a requested stop, a full disk or a broken generator does, after the finished
// records before that point are written. What a record means is the business of cli::Work. Owns nothing but its window; one
// thread (reading has its own: records/read_ahead).
#pragma once

#include <deque>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "lib/base/progress.h"
#include "lib/generate/batch_file.h"
#include "lib/generate/generator.h"
#include "lib/generate/runner.h"
#include "lib/records/read_ahead.h"
#include "lib/records/writer.h"
#include "tools/cli/flags.h"
#include "tools/cli/work.h"

namespace rm::cli {

enum class Mode { kAsk, kShowPrompt, kDryRun, kEmitBatch };
enum class OnError { kRecord, kSkip, kStop };
Mode mode_of(const Common& c, const Model& m, bool show_prompt = false);
OnError on_error_of(const Common& c);

struct LoopOptions {
  Mode mode = Mode::kAsk;
  OnError on_error = OnError::kRecord;
  bool quiet = false;
  std::span<const std::string_view> stale;  // fields of an earlier run that do not go out with a failure
};

struct Sizes {  // kDryRun, kEmitBatch
  std::uint64_t prompts = 0, too_long = 0;
  std::int64_t tokens = 0, longest = 0;
};

struct Outcome {
  std::uint64_t resumed = 0;                           // records that an earlier run had done
  std::uint64_t records = 0, failed = 0, skipped = 0;  // of this run; skipped: failed and left out
  Sizes sizes;
  std::optional<Error> error;  // why the run ended before its input did
};

class Loop {
 public:
  // `generator` may be null where nothing is asked or shown. `progress` may be null. All of them outlive the loop.
  Loop(records::ReadAhead& in, records::Writer& out, generate::Generator* generator, Work& work, LoopOptions options,
       Progress* progress);

  // `tell` gets the message of each failed record.
  Outcome run(const std::function<void(const std::string&)>& tell);
  void resumed(std::uint64_t lines) { outcome_.resumed = lines; }
  void emit_to(generate::BatchWriter& batch) { batch_ = &batch; }  // kEmitBatch: needed, outlives the loop

 private:
  struct Item {
    records::Line line;
    bool done = false, skip = false;
    Finished finished;
    std::optional<Error> failed;
  };
  using Tasks = std::vector<std::shared_ptr<generate::Task>>;

  bool step();  // false: nothing is left to do, or outcome_.error is set
  void fill();
  void accept(records::Line line);
  Result<void> begin(const std::shared_ptr<Item>& item);
  Result<void> ask(const std::shared_ptr<Item>& item, const std::shared_ptr<generate::Task>& task);
  Result<void> show(Item& item, generate::Task& task);
  Result<void> measure(Item& item, generate::Task& task);
  Result<void> emit(Item& item, generate::Task& task);
  void ended(const Result<Tasks>& tasks);
  void finish(Item& item, generate::Task& task);
  void done(Item& item, Finished finished);
  void fail(Item& item, const Error& e, const generate::Task* task);
  void tell(const std::string& message);
  void flush();
  void stop_with(const Error& e);
  bool room() const;
  bool hungry() const { return !runner_ || runner_->wants_more(); }
  bool counts_only() const { return o_.mode == Mode::kDryRun || o_.mode == Mode::kEmitBatch; }

  records::ReadAhead& in_;
  records::Writer& out_;
  generate::Generator* generator_;
  Work& work_;
  LoopOptions o_;
  Progress* progress_;
  generate::BatchWriter* batch_ = nullptr;
  const std::function<void(const std::string&)>* tell_ = nullptr;
  std::optional<generate::Runner> runner_;
  std::unordered_map<const generate::Task*, std::shared_ptr<Item>> asked_;
  Outcome outcome_;
  std::optional<Error> ended_;  // the input's, kept until the work before it is done
  bool input_done_ = false;
  json::Document doc_;
  std::deque<std::shared_ptr<Item>> window_;
  std::size_t window_bytes_ = 0;
  std::uint64_t first_bad_ = std::numeric_limits<std::uint64_t>::max();
};

}  // namespace rm::cli
