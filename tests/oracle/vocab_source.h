// Tokenizers for the oracle's tests, from a .gguf (of a vocabulary alone too) or a tokenizer.json.
#pragma once

#include <optional>
#include <string>

#include "lib/base/result.h"
#include "lib/text/tokenizer.h"

namespace oracle {

rm::Result<rm::text::Tokenizer> tokenizer_from(const std::string& path);
std::optional<rm::text::Split> split_named(const std::string& name);

}  // namespace oracle
