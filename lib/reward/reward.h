// What a rollout was worth: a number each, from a rule of ours or from any program.
//
// A Reward scores a batch at a time, one finite number an item, in order. An Error stops the step it was asked for, not
// the run: the object stays usable and the next score() begins afresh. One thread at a time.
//
// A program is started once and kept over the whole run. It is given one line of JSON an item: the pair's record with
// every byte it had, and a member "rollout" at its end (a member of that name that was there before is left out):
//   "rollout":{"reply":"...","label":"A","truncated":false,"step":3,"prompt":17,"index":2,"left":0}
// "left" items of the batch are still to come; after the one with 0 nothing comes until all are answered. For each line
// it prints a line, in order: a number, or an object whose "reward" is one. Anything else is an error that names the
// item, what stood there and the last line of the program's standard error; so are silence, an end, a line too many and
// one over limits::kRewardLineBytes. Then it is stopped, and started again for the next batch. See rm-rl(1), "REWARDS".
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/judge/verdict.h"

namespace rm::reward {

// One rollout. The views need to live during the call only.
struct Item {
  std::string_view record;                         // the pair's line as it came: a JSON object on one line
  std::string_view text;                           // what the model wrote; broken UTF-8 reaches a program as U+FFFD
  judge::Side label = judge::Side::kA;             // the right verdict, in the order that was shown
  bool truncated = false;                          // cut by its length
  std::int64_t step = 0, prompt = 0, rollout = 0;  // where it stands in the run
};

class Reward {
 public:
  virtual ~Reward() = default;
  virtual std::string name() const = 0;  // "rm-r1", or the command as it was given
  virtual Result<std::vector<double>> score(std::span<const Item> items) = 0;
};

std::unique_ptr<Reward> rm_r1();  // judge::rm_r1_reward: +1 or -1; never fails

struct ProgramOptions {
  std::string command;    // for sh -c
  double timeout_s = 60;  // without a byte taken or a line answered; loading what it needs counts
  int max_failures = 3;   // in a row; see score() below
  // Hears one sentence when the program ended behind a batch that it had answered, and is started again for the next.
  std::function<void(const std::string&)> tell;
};

// Starts the program. Exit::kUsage for options that make no sense; Exit::kUnavailable where it ended at once (a command
// that is not there). Errors of score(): Exit::kUnavailable, reason "reward_failed", or "reward_given_up" where it was
// the max_failures-th in a row or a later one, so that there is no use in going on; Exit::kResources where no process
// can be made; or the stop that was asked for, at once.
Result<std::unique_ptr<Reward>> program(ProgramOptions options);

}  // namespace rm::reward
