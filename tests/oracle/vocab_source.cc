#include "tests/oracle/vocab_source.h"

#include <fstream>
#include <iterator>

#include "lib/base/json.h"
#ifdef RM_ORACLE_WEIGHTFILE
#include "lib/weightfile/weight_file.h"
#endif

namespace oracle {

using namespace rm;

std::optional<text::Split> split_named(const std::string& name) {
  if (name == "gpt2") return text::Split::kGpt2;
  if (name == "smollm") return text::Split::kSmolLm;
  if (name == "qwen2") return text::Split::kQwen2;
  if (name == "llama3") return text::Split::kLlama3;
  return std::nullopt;
}

namespace {

Result<text::Vocab> vocab_from_json(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  const std::string all((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
  json::Document document;
  RM_ASSIGN(const json::Value root, document.parse(all));
  text::Vocab v;
  v.split = split_named(std::string(*root.find("split")->string())).value();
  v.nfc = root.find("nfc")->boolean().value();
  v.ignore_merges = root.find("ignore_merges")->boolean().value();
  for (const auto& t : root.find("tokens")->items()) v.tokens.emplace_back(*t.string());
  for (const auto& m : root.find("merges")->items()) v.merges.emplace_back(*m.string());
  for (const auto& a : root.find("added")->items()) {
    const auto row = a.items();
    v.added.push_back({static_cast<std::int32_t>(*row[0].integer()), std::string(*row[1].string()), *row[2].boolean()});
  }
  return v;
}

}  // namespace

Result<text::Tokenizer> tokenizer_from(const std::string& path) {
  if (path.ends_with(".json")) {
    RM_ASSIGN(text::Vocab v, vocab_from_json(path));
    return text::Tokenizer::make(std::move(v));
  }
#ifdef RM_ORACLE_WEIGHTFILE
  RM_ASSIGN(const auto file, weightfile::WeightFile::open(path));
  RM_ASSIGN(weightfile::TextSource source, file->text());
  return text::Tokenizer::make(std::move(source.vocab));
#else
  return make_error(Exit::kUsage, "no_weightfile", "built without lib/weightfile; pass a .json vocabulary", path);
#endif
}

}  // namespace oracle
