// A Generator over a local model: chat template and tokenizer here, the engine in a Torch object opened on first use.
//
// Prompts are rendered to segments and encoded here, so what people wrote never yields a special token. A raw prompt is
// content from its first byte to its last. bos is put first where the tokenizer asks for it and the template has not.
// A reply ends at any end token of the config, the tokenizer or the template; forced text is taken as a model's own, so
// plain added tokens ("<think>") are matched in it and special ones are not. One thread, like every Generator.
#pragma once

#include <memory>
#include <string>

#include "lib/base/result.h"
#include "lib/generate/generator.h"
#include "lib/generate/token_engine.h"
#include "lib/text/chat.h"
#include "lib/text/tokenizer.h"
#include "lib/weightfile/weight_file.h"

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

// The template of a --chat file, or where none is named the model's own. Exit::kModel, kUsage.
Result<text::ChatTemplate> open_template(const std::string& chat_file, const weightfile::TextSource& source);

// The Torch object for a device, from the folder of the running program (../lib/rm-r1) or the build tree. Opened once with
// RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE, never closed; OMP_WAIT_POLICY and the thread count are set before. "auto" takes CUDA
// where librm_torch_cuda.so opens and a device answers (its open() says reason "no_device" where none does), else the CPU.
Result<std::unique_ptr<TokenEngine>> open_engine(const EngineOptions& o);

// What ends a reply of this model: end tokens of the config, the tokenizer and the template, sorted.
text::Ids stop_tokens(const weightfile::ModelConfig& config, const text::Tokenizer& tokenizer,
                      const text::ChatTemplate& chat);

// Where a model is when -m is not given: $RM_MODEL, else the embedded default in the user's data folder.
// Exit::kModel with the command that fetches it when it is not there.
Result<std::string> default_model();

// "qwen2.5-7b" of ".../qwen2.5-7b/" or ".../qwen2.5-7b.gguf", with "+adapter" where one is applied.
std::string model_label(const EngineOptions& o);

}  // namespace rm::generate
