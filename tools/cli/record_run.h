// A run over a file of records from its opening to its last byte: input and shard, what an earlier run left, the output, the batch
// to write, the progress line, and the loop between them.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/generate/generator.h"
#include "lib/records/shard.h"
#include "tools/cli/flags.h"
#include "tools/cli/loop.h"
#include "tools/cli/work.h"

namespace rm::cli {

struct RecordRun {
  std::string_view program;  // for messages
  const Common* common = nullptr;
  const Length* length = nullptr;
  const Model* model = nullptr;
  records::Shard shard;
  Mode mode = Mode::kAsk;
  std::span<const std::string_view> own;    // fields that the work adds: --resume compares records without them
  std::span<const std::string_view> stale;  // those of them that do not go out with a failure
};

// `generator` may be null where nothing is asked or shown.
Outcome run_records(const RecordRun& r, generate::Generator* generator, Work& work);

// What --summary, --resume, --emit-batch and --from-batch cannot go together with (Exit::kUsage).
Result<void> check_outputs(const Common& c, const Length& l, const Model& m);

}  // namespace rm::cli
