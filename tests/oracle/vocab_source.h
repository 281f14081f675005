// Tokenizers for the oracle's tests: from a model, or from a vocabulary that goldens/tokens.py wrote as JSON
// ({split, nfc, ignore_merges, tokens, merges, added: [[id, text, special], ...]}).
#pragma once

#include <optional>
#include <string>

#include "lib/base/result.h"
#include "lib/text/tokenizer.h"

namespace oracle {

rm::Result<rm::text::Tokenizer> tokenizer_from(const std::string& path);
std::optional<rm::text::Split> split_named(const std::string& name);

}  // namespace oracle
