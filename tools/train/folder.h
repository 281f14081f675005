// What stands in a run's folder before it begins: nothing, a run to go on with, or what must not be touched.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "lib/base/escape.h"
#include "lib/tune/checkpoint.h"
#include "lib/tune/fit.h"
#include "tools/train/options.h"

namespace rm::traincli {

// What a checkpoint of a run says besides its tensors and RunFacts: the notes of its manifest.
struct Notes {
  std::int64_t optimizer_steps = 0;
  std::int64_t pass_tokens = 0;   // as it ran in the end
  std::int64_t asked_tokens = 0;  // --pass-tokens; 0: not given
  std::string settings;           // as their describe() tells them
  std::string base;               // weightfile::fingerprint() of the model
};
std::string to_json(const Notes& n);
Result<Notes> read_notes(const RunOptions& o, const tune::FoundCheckpoint& c);  // Exit::kModel

struct FoundRun {
  tune::FoundCheckpoint checkpoint;
  Notes notes;
  // --pass-tokens that is given anew wins; else it goes on as it ran.
  bool runs_as_before(const RunOptions& o) const { return o.pass_tokens == 0 || o.pass_tokens == notes.asked_tokens; }
  tune::Place place(const RunOptions& o) const;
};

// A run as its command line has it: what must be equal to go on with one.
struct Wanted {
  std::uint64_t seed = 0;
  std::string data, settings_hash, settings, base;  // base: its fingerprint
};

std::string checkpoints_of(const RunOptions& o);

// Exit::kUsage where the folder is that of the base, or holds a model and no checkpoint. Touches nothing.
Result<void> refuse_foreign(const RunOptions& o, const std::string& base);
// The newest sound checkpoint; empty: there is none. Exit::kUsage where there is one and no --resume: a run is gone on with, never
// overwritten by accident. Exit::kModel where none is sound. `say` gets a sentence for what is passed over.
Result<std::optional<FoundRun>> find_run(const RunOptions& o, const std::function<void(const std::string&)>& say);
// Exit::kUsage naming what differs: records, settings (each of them), seed or model.
Result<void> check_same(const RunOptions& o, const FoundRun& then, const Wanted& now);

// A checkpoint of the state after p.step steps; `model`: where the base is. Exit::kIo, kResources.
Result<void> save_run(const RunOptions& o, const Wanted& wanted, const std::string& model, const tune::Place& p,
                      const tune::Trainer& trainer);
// Tells what may differ and costs the last bits: device, arithmetic, instruction set, threads.
void tell_odds(const RunOptions& o, const FoundRun& found, const tune::TrainerInfo& now);
// The Trainer's tensors and steps. Exit::kIo, kModel.
Result<void> load_state(const FoundRun& found, tune::Trainer& trainer);

// Brings a loop (tune::Fit, rl::Grpo) and its Trainer to where the run was left.
template <class Loop>
Result<void> restore(const RunOptions& o, const FoundRun& found, tune::Trainer& trainer, Loop& loop) {
  tell_odds(o, found, trainer.info());
  RM_TRY(loop.resume(found.place(o)));
  RM_TRY(load_state(found, trainer));
  tell(o, "goes on from " + escape_text(found.checkpoint.path) + ", step " + std::to_string(loop.place().step) +
              " of " + std::to_string(loop.total_steps()));
  return {};
}

}  // namespace rm::traincli
