// What a run will take, told before anything is loaded: memory, and the rates of its steps.
#pragma once

#include <string>

#include "lib/tune/plan.h"
#include "lib/tune/schedule.h"
#include "tools/train/base.h"
#include "tools/train/folder.h"

namespace rm::traincli {

// The plan of this run; `found`: the run it goes on with, whose tokens at once it takes over unless --pass-tokens is given anew.
// Told with `about`, the lines on what is read and how it is learned, but for --dry-run, which prints it. Exit::kResources where not
// even one sequence fits.
Result<tune::MemoryPlan> settle_plan(const RunOptions& o, const Base& base, tune::PlanRequest request,
                                     const FoundRun* found, const std::string& about);

// The request without what the data decide: longest, tokens, generates.
tune::PlanRequest plan_request(const RunOptions& o);

// For people, two lines: "steps ..." and "rates ..." with those of the first step, the first after the warm-up, the middle and the last.
std::string schedule_text(const tune::Schedule& s);

}  // namespace rm::traincli
