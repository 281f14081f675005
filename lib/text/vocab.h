// What a tokenizer is made of, wherever it was read from: filled by weightfile (tokenizer.json or GGUF), turned into a
// Tokenizer by text. Plain data, not yet trusted: Tokenizer::make checks it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace rm::text {

// Pre-tokenizer split rules of the supported families.
enum class Split {
  kGpt2,    // GPT-2
  kSmolLm,  // single digits, then GPT-2 (SmolLM2)
  kQwen2,   // Qwen2, 2.5, 3 and DeepSeek-R1-Distill-Qwen: one digit a piece
  kLlama3,  // Llama 3: digits in runs of at most three
};

struct AddedToken {
  std::int32_t id = 0;
  std::string text;      // as it is written, not byte-mapped
  bool special = false;  // never produced by or shown in plain text (eos, role markers)
};

struct Vocab {
  Split split = Split::kQwen2;
  bool nfc = false;                 // normalise text to NFC first
  std::vector<std::string> tokens;  // by id, in GPT-2's byte-to-character mapping; empty string: unused id
  std::vector<std::string> merges;  // "left right" in rank order
  std::vector<AddedToken> added;    // every token matched as a whole, special or not
  std::int32_t bos = -1, eos = -1;  // -1: none
  bool add_bos = false;             // the tokenizer prepends bos by itself (templates that write it must not get two)
  bool ignore_merges = false;       // a whole piece in the vocabulary is taken before merging (Llama 3)
};

}  // namespace rm::text
