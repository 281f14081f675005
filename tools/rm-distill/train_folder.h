// What stands in a run's folder before it begins: nothing, a run to go on with, or what must not be touched.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "lib/tune/checkpoint.h"
#include "lib/tune/fit.h"
#include "tools/rm-distill/train_chains.h"

namespace rm::rmdistill {

// What a checkpoint of a run says besides its tensors and RunFacts: the notes of its manifest.
struct Notes {
  std::int64_t optimizer_steps = 0;
  std::int64_t pass_tokens = 0;   // as it ran in the end
  std::int64_t asked_tokens = 0;  // --pass-tokens; 0: not given
  std::string settings;           // as tune::describe() tells them
  std::string base;               // weightfile::fingerprint() of the model
};
std::string to_json(const Notes& n);
Result<Notes> read_notes(const tune::FoundCheckpoint& c);  // Exit::kModel

struct FoundRun {
  tune::FoundCheckpoint checkpoint;
  Notes notes;
  // --pass-tokens that is given anew wins; else it goes on as it ran.
  bool runs_as_before(const TrainOptions& o) const { return o.pass_tokens == 0 || o.pass_tokens == notes.asked_tokens; }
  tune::Place place(const TrainOptions& o) const;
};

// A run as its command line has it: what must be equal to go on with one.
struct Wanted {
  std::uint64_t seed = 0;
  std::string data, settings_hash, settings, base;  // base: its fingerprint
};

std::string checkpoints_of(const TrainOptions& o);

// Exit::kUsage where the folder is that of the base, or holds a model and no checkpoint. Touches nothing.
Result<void> refuse_foreign(const TrainOptions& o, const std::string& base);
// The newest sound checkpoint; empty: there is none. Exit::kUsage where there is one and no --resume: a run is gone on with, never
// overwritten by accident. Exit::kModel where none is sound. `say` gets a sentence for what is passed over.
Result<std::optional<FoundRun>> find_run(const TrainOptions& o, const std::function<void(const std::string&)>& say);
// Exit::kUsage naming what differs: chains, settings (each of them), seed or model.
Result<void> check_same(const FoundRun& then, const Wanted& now);
// What may differ and costs the last bits, a sentence each: device, arithmetic, instruction set, threads.
std::vector<std::string> odds(const tune::RunFacts& then, const tune::TrainerInfo& now);

}  // namespace rm::rmdistill
