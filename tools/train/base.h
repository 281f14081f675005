// The model a run begins from, opened without its weights: its files, its words, its adapter.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "lib/text/chat.h"
#include "lib/text/tokenizer.h"
#include "lib/weightfile/lora.h"
#include "lib/weightfile/weight_file.h"
#include "tools/train/options.h"

namespace rm::traincli {

// What records are made into tokens with.
struct Lexicon {
  text::Tokenizer tokenizer;
  text::ChatTemplate chat;
  std::int64_t vocab = 0;  // of the model
};

struct Base {
  std::string path;
  std::unique_ptr<weightfile::WeightFile> file;
  std::unique_ptr<weightfile::LoraFile> adapter;  // of --adapter
  Lexicon lexicon;
};

// -m, or the default model. With --adapter o.settings.lora becomes what its folder says. Exit::kModel, kIo, kUsage.
Result<Base> open_base(RunOptions& o);
// Equal for equal models, with equal adapters. Exit::kIo, kModel.
Result<std::string> fingerprint(const Base& base);

}  // namespace rm::traincli
