// Tokenizers of Hugging Face folders: tokenizer.json, tokenizer_config.json, chat_template.jinja.
//
// Byte-level BPE with the splits text::Split knows, told apart by the regular expression itself; everything else in the
// file either has no effect on ids or is refused by name (Exit::kModel). What is read is not yet trusted:
// text::Tokenizer::make checks the vocabulary. Pure functions of texts, but for the last.
#pragma once

#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/text/vocab.h"
#include "lib/weightfile/weight_file.h"

namespace rm::weightfile {

// tokenizer.json. `add_bos` is what the post-processor says; bos and eos stay -1.
Result<text::Vocab> vocab_from_json(std::string_view tokenizer_json);

// A file of this vocabulary, with bos before every text where the tokenizer adds it by itself. vocab_from_json reads it
// back as it was. What the vocabulary holds is not checked.
std::string vocab_to_json(const text::Vocab& v);
// The expression by which files split for kQwen2, kLlama3 and kGpt2.
std::string_view split_expression(text::Split split);

// tokenizer_config.json (may be empty): sets bos, eos, add_bos, bos_text and the chat template of `s`.
Result<void> apply_tokenizer_config(std::string_view tokenizer_config, TextSource& s);

// All of a folder's files; chat_template.jinja wins over tokenizer_config.json, as in transformers 5. Ids missing there
// come from `config`; an id outside its vocabulary is an error.
Result<TextSource> read_folder_text(const std::string& folder, const ModelConfig& config);

}  // namespace rm::weightfile
