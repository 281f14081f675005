#include "tools/train/base.h"

#include "lib/generate/local.h"
#include "lib/weightfile/fingerprint.h"
#include "tools/train/adapter.h"

namespace rm::traincli {

Result<Base> open_base(RunOptions& o) {
  std::string path = o.model;
  if (path.empty()) {
    RM_ASSIGN(path, generate::default_model());
  }
  RM_ASSIGN(auto file, weightfile::WeightFile::open(path));
  RM_ASSIGN(weightfile::TextSource source, file->text());
  RM_ASSIGN(text::ChatTemplate chat, generate::open_template(o.chat, source));
  RM_ASSIGN(text::Tokenizer tokenizer, text::Tokenizer::make(std::move(source.vocab)));
  const std::int64_t vocab = file->config().vocab;
  std::unique_ptr<weightfile::LoraFile> adapter;
  if (!o.adapter.empty()) {
    RM_ASSIGN(adapter, open_adapter(o, file->config()));
  }
  return Base{std::move(path), std::move(file), std::move(adapter), {std::move(tokenizer), std::move(chat), vocab}};
}

Result<std::string> fingerprint(const Base& base) {
  RM_ASSIGN(std::string out, weightfile::fingerprint(*base.file));
  if (base.adapter) {
    RM_ASSIGN(const std::string hash, adapter_hash(*base.adapter));
    out += "+" + hash;
  }
  return out;
}

}  // namespace rm::traincli
