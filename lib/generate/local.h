// A Generator over a local model: chat template and tokenizer here, the engine in a Torch object opened on first use.
#pragma once

#include <memory>
#include <string>

#include "lib/base/result.h"
#include "lib/generate/generator.h"
#include "lib/generate/token_engine.h"

namespace rm::generate {

struct LocalOptions {
  EngineOptions engine;
  std::string chat_file;  // --chat, or empty: recognise the model's own
};

// Reads tokenizer and template at once (milliseconds); the Torch object and the weights only at the first submit(), so that
// show() and --dry-run cost nothing. Exit::kModel, kResources (memory, device).
Result<std::unique_ptr<Generator>> open_local(const LocalOptions& o);

// As above over an engine the caller owns the making of; for tests and for trainers that lend their weights.
Result<std::unique_ptr<Generator>> open_local(const LocalOptions& o, std::unique_ptr<TokenEngine> engine);

// The Torch object for a device, from the folder of the running program (../lib/rm-r1) or the build tree. Opened once with
// RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE, never closed; OMP_WAIT_POLICY and the thread count are set before. "auto" takes CUDA
// where librm_torch_cuda.so opens and a device answers, else the CPU.
Result<std::unique_ptr<TokenEngine>> open_engine(const EngineOptions& o);

// Where a model is when -m is not given: $RM_MODEL, else the embedded default in the user's data folder.
// Exit::kModel with the command that fetches it when it is not there.
Result<std::string> default_model();

}  // namespace rm::generate
