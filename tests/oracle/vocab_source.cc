#include "tests/oracle/vocab_source.h"

#include <fstream>
#include <iterator>

#include "lib/weightfile/tokenizer_gguf.h"
#include "lib/weightfile/tokenizer_json.h"

namespace oracle {

using namespace rm;

std::optional<text::Split> split_named(const std::string& name) {
  if (name == "gpt2") return text::Split::kGpt2;
  if (name == "smollm") return text::Split::kSmolLm;
  if (name == "qwen2") return text::Split::kQwen2;
  if (name == "llama3") return text::Split::kLlama3;
  return std::nullopt;
}

Result<text::Tokenizer> tokenizer_from(const std::string& path) {
  if (path.ends_with(".gguf")) {  // without its architecture: a file of a vocabulary alone will do
    RM_ASSIGN(weightfile::TextSource source, weightfile::gguf::read_text(path));
    return text::Tokenizer::make(std::move(source.vocab));
  }
  std::ifstream in(path, std::ios::binary);
  const std::string all((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  RM_ASSIGN(text::Vocab vocab, weightfile::vocab_from_json(all));
  return text::Tokenizer::make(std::move(vocab));
}

}  // namespace oracle
