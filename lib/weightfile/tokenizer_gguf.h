// Tokenizers inside GGUF files: the tokenizer.ggml.* keys and tokenizer.chat_template.
//
// Byte-level BPE (model "gpt2") with the splits text::Split knows, by tokenizer.ggml.pre; all else is refused by name
// (Exit::kModel). What is read is not yet trusted: text::Tokenizer::make checks the vocabulary.
#pragma once

#include <string>

#include "lib/base/result.h"
#include "lib/weightfile/gguf.h"
#include "lib/weightfile/weight_file.h"

namespace rm::weightfile::gguf {

Result<TextSource> text_source(const Header& h, const std::string& file);

// Of a file that may hold a vocabulary and nothing else.
Result<TextSource> read_text(const std::string& path);

}  // namespace rm::weightfile::gguf
