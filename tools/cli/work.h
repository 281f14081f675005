// What a program does with the records that pass through cli::Loop: read each and say what to ask, then make a line of what came
// back. The loop owns order, windows, failures and stops; the work owns what the records mean, and its own counts.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"
#include "lib/generate/task.h"
#include "lib/records/line.h"
#include "lib/records/splice.h"

namespace rm::cli {

// How a record comes out.
struct Finished {
  std::string line;               // without its newline
  std::string note;               // for standard error, behind the record's place; usually empty
  std::function<void()> counted;  // called once the line is written, in the order of the records; may be empty
};

// What begins with a record: requests to make, or a line at once.
struct Begun {
  std::shared_ptr<generate::Task> task;  // null: `finished` is the record's end
  Finished finished;
};

class Work {
 public:
  virtual ~Work() = default;
  // `record` lives until the call returns. An Error with Exit::kInput makes a failure record, any other ends the run.
  virtual Result<Begun> begin(const records::Line& line, const json::Value& record) = 0;
  // Of a task that begin() gave and that is done(). Errors as above.
  virtual Result<Finished> finish(const records::Line& line, generate::Task& task) = 0;
  // Of a record that failed: fields that go out beside its error. `task` is null where none was begun.
  virtual std::vector<records::Field> failure_fields(const generate::Task* task) {
    (void)task;
    return {};
  }
  virtual void count_failure(const Error&) {}  // called once the record is passed on or left out, in order
  // --show-prompt: members that tell a task's requests apart (an order, a number). Writes into an object that is open.
  virtual void describe(const generate::Task&, std::uint64_t request, json::Writer&) const { (void)request; }
  // Asked where another record is there: why it is not to be begun. Those begun are finished, then the run ends with it.
  virtual std::optional<Error> enough() const { return std::nullopt; }
  virtual std::uint64_t unparsed() const { return 0; }  // for the progress line
};

}  // namespace rm::cli
