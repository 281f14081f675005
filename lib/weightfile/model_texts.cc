#include "lib/weightfile/model_texts.h"

#include <algorithm>
#include <optional>

#include "lib/base/atomic_file.h"
#include "lib/base/fd.h"
#include "lib/base/folders.h"
#include "lib/base/json.h"
#include "lib/base/limits.h"
#include "lib/weightfile/config_write.h"
#include "lib/weightfile/gguf.h"
#include "lib/weightfile/model_writer.h"
#include "lib/weightfile/out_folder.h"
#include "lib/weightfile/tokenizer_json.h"

namespace rm::weightfile {
namespace {

constexpr const char* kConfig = "config.json";
constexpr const char* kGeneration = "generation_config.json";
constexpr const char* kTokenizer = "tokenizer.json";
constexpr const char* kTokenizerConfig = "tokenizer_config.json";
// What a Hugging Face folder may have besides; copied where it is, removed from the target where it is not.
constexpr const char* kCopied[] = {kGeneration,           kTokenizer,   kTokenizerConfig, "special_tokens_map.json",
                                   "chat_template.jinja", "vocab.json", "merges.txt",     "added_tokens.json"};

Error in_base(Error e, const WeightFile& base) {
  e.where = e.where.empty() ? base.path() : base.path() + ": " + e.where;
  return e;
}

Result<std::vector<TextFile>> copied_texts(const WeightFile& base, DType dtype) {
  const std::string from = base.path() + "/";
  RM_ASSIGN(const std::string config, fd::read_file(from + kConfig, limits::kConfigBytes, Exit::kModel));
  auto changed = config_with_dtype(config, dtype);
  if (!changed) return in_base(changed.error(), base);
  std::vector<TextFile> out = {{kConfig, *std::move(changed)}};
  for (const char* name : kCopied) {
    auto text = fd::read_file(from + name, limits::kTokenizerBytes, Exit::kModel);
    if (text)
      out.push_back({name, *std::move(text)});
    else if (text.error().reason != "no_file")
      return text.error();
  }
  return out;
}

bool same_added(const text::AddedToken& a, const text::AddedToken& b) {
  return a.id == b.id && a.text == b.text && a.special == b.special;
}

// tokenizer.json of a vocabulary that came from metadata, read back as a proof: what a GGUF may hold and a
// tokenizer.json not (a text with two ids, broken UTF-8) would give other ids elsewhere.
Result<std::string> proven_tokenizer(const text::Vocab& v) {
  std::string out = vocab_to_json(v);
  const auto back = vocab_from_json(out);
  if (!back) return back.error();
  const auto used = [](const std::vector<std::string>& tokens) {
    std::size_t n = tokens.size();
    while (n > 0 && tokens[n - 1].empty()) --n;
    return n;
  };
  const std::size_t n = used(v.tokens);
  const bool same =
      n == used(back->tokens) &&
      std::equal(v.tokens.begin(), v.tokens.begin() + static_cast<std::ptrdiff_t>(n), back->tokens.begin()) &&
      back->merges == v.merges && back->split == v.split && back->nfc == v.nfc && back->add_bos == v.add_bos &&
      back->ignore_merges == v.ignore_merges &&
      std::equal(v.added.begin(), v.added.end(), back->added.begin(), back->added.end(), same_added);
  if (same) return out;
  return make_error(Exit::kModel, "bad_tokenizer",
                    "the file's tokenizer cannot be written as a tokenizer.json that gives the same ids", kTokenizer);
}

// The text of a special token: one that is matched as a whole.
std::optional<std::string> special_text(const text::Vocab& v, std::int32_t id) {
  for (const text::AddedToken& t : v.added)
    if (t.id == id) return t.text;
  return std::nullopt;
}

// For every class of tokenizers the one that takes tokenizer.json as it is.
std::string tokenizer_config(const TextSource& s, const ModelConfig& c, std::int32_t pad) {
  std::string out;
  json::Writer w(out);
  w.begin_object().member("add_bos_token", s.vocab.add_bos).member("add_prefix_space", false);
  w.member("bos_token", special_text(s.vocab, s.vocab.bos));
  if (!s.chat_template.empty()) w.member("chat_template", s.chat_template);
  w.member("clean_up_tokenization_spaces", false).member("eos_token", special_text(s.vocab, s.vocab.eos));
  w.member("model_max_length", c.context).member("pad_token", special_text(s.vocab, pad));
  w.member("tokenizer_class", "PreTrainedTokenizerFast").key("unk_token").null();
  w.end_object();
  return out + "\n";
}

// -1 where the file names none.
Result<std::int32_t> padding_of(const std::string& path, std::int64_t vocab) {
  RM_ASSIGN(const gguf::File f, gguf::open(path));
  const gguf::Value* v = f.header.find("tokenizer.ggml.padding_token_id");
  const auto id = v ? v->integer() : std::nullopt;
  return id && *id >= 0 && *id < vocab ? static_cast<std::int32_t>(*id) : -1;
}

Result<std::vector<TextFile>> made_texts(const WeightFile& base, DType dtype) {
  RM_ASSIGN(const TextSource source, base.text());
  RM_ASSIGN(const std::int32_t pad, padding_of(base.path(), base.config().vocab));
  auto config = config_to_json(base.config(), dtype, pad);
  if (!config) return in_base(config.error(), base);
  auto tokenizer = proven_tokenizer(source.vocab);
  if (!tokenizer) return in_base(tokenizer.error(), base);
  return std::vector<TextFile>{{kConfig, *std::move(config)},
                               {kGeneration, generation_config_to_json(base.config(), pad)},
                               {kTokenizer, *std::move(tokenizer)},
                               {kTokenizerConfig, tokenizer_config(source, base.config(), pad)}};
}

}  // namespace

Result<std::vector<TextFile>> model_texts(const WeightFile& base, DType dtype) {
  const auto from = fd::kind_of_path(base.path());
  return from && from->folder ? copied_texts(base, dtype) : made_texts(base, dtype);
}

Result<void> put_texts(const std::string& folder, std::span<const TextFile> texts) {
  for (const char* name : kCopied) {
    const bool kept = std::any_of(texts.begin(), texts.end(), [&](const TextFile& t) { return t.name == name; });
    if (!kept) RM_TRY(remove_file(folder + "/" + name));
  }
  for (const TextFile& t : texts) RM_TRY(write_file_atomically(folder + "/" + t.name, t.text));
  return {};
}

Result<void> write_model_texts(const std::string& folder, const WeightFile& base, DType dtype) {
  RM_TRY(refuse_own_folder(folder, base.path()));
  RM_ASSIGN(const std::vector<TextFile> texts, model_texts(base, dtype));
  RM_TRY(make_folder(folder));
  return put_texts(folder, texts);
}

}  // namespace rm::weightfile
