#include "lib/weightfile/tokenizer_gguf.h"

#include <algorithm>
#include <limits>

#include "lib/base/escape.h"
#include "lib/base/limits.h"

namespace rm::weightfile::gguf {
namespace {

// tokenizer.ggml.token_type: 1 normal, 2 unknown, 3 control, 4 user-defined, 5 unused, 6 byte.
constexpr std::int64_t kNormal = 1, kControl = 3, kUserDefined = 4, kUnused = 5, kLastType = 6;

struct Family {
  const char* pre;
  text::Split split;
  bool nfc, ignore_merges, add_bos;
};
// What the tokenizer.json of the models with this `pre` says (the GGUF files leave these out), and llama.cpp's defaults.
constexpr Family kFamilies[] = {{"qwen2", text::Split::kQwen2, true, false, false},
                                {"deepseek-r1-qwen", text::Split::kQwen2, true, false, true},
                                {"llama-bpe", text::Split::kLlama3, false, true, true},
                                {"llama3", text::Split::kLlama3, false, true, true},
                                {"llama-v3", text::Split::kLlama3, false, true, true},
                                {"gpt-2", text::Split::kGpt2, false, false, false},
                                {"smollm", text::Split::kSmolLm, false, false, false}};

class Reader {
 public:
  Reader(const Header& h, const std::string& file) : h_(h), file_(file) {}

  Error bad(const char* key, std::string message) const {
    return make_error(Exit::kModel, "bad_tokenizer", std::string("metadata key ") + key + " " + std::move(message),
                      file_);
  }

  Result<std::string> text(const char* key, bool needed) const {
    const Value* v = h_.find(key);
    if (!v && !needed) return std::string();
    if (!v) return bad(key, "is missing");
    const auto s = v->text();
    if (!s) return bad(key, std::string("is of type ") + name(v->type) + "; expected a string");
    return std::string(*s);
  }

  // -1 where the file has none.
  Result<std::int32_t> id(const char* key, std::size_t vocab) const {
    const Value* v = h_.find(key);
    if (!v) return -1;
    const auto i = v->integer();
    if (!i || *i < 0 || static_cast<std::uint64_t>(*i) >= vocab)
      return bad(key, (i ? "is " + std::to_string(*i) : std::string("is no integer")) + "; the vocabulary has " +
                          std::to_string(vocab) + " tokens");
    return static_cast<std::int32_t>(*i);
  }

  Result<std::vector<std::string>> texts(const char* key, std::size_t longest) const {
    const Value* v = h_.find(key);
    if (!v) return bad(key, "is missing");
    if (v->count > limits::kVocab)
      return bad(key, "has " + std::to_string(v->count) + " entries; at most " + std::to_string(limits::kVocab) +
                          " are allowed");
    std::vector<std::string> out;
    std::optional<std::uint64_t> too_long;
    const bool ok = v->each_text([&](std::uint64_t i, std::string_view s) {
      if (s.size() > longest && !too_long) too_long = i;
      if (!too_long) out.emplace_back(s);
    });
    if (!ok) return bad(key, "is no list of strings");
    if (too_long)
      return bad(key, "entry " + std::to_string(*too_long) + " is longer than " + std::to_string(longest) + " bytes");
    return out;
  }

  const Value* find(const char* key) const { return h_.find(key); }

 private:
  const Header& h_;
  const std::string& file_;
};

Result<const Family*> family_of(const Reader& r) {
  RM_ASSIGN(const std::string model, r.text("tokenizer.ggml.model", true));
  if (model != "gpt2")
    return r.bad("tokenizer.ggml.model",
                 "is \"" + escape_text(model, 40) + "\"; only byte-level BPE (gpt2) is supported");
  RM_ASSIGN(const std::string pre, r.text("tokenizer.ggml.pre", true));
  for (const Family& f : kFamilies)
    if (pre == f.pre) return &f;
  return r.bad("tokenizer.ggml.pre",
               "is \"" + escape_text(pre, 40) +
                   "\"; supported are qwen2, deepseek-r1-qwen, llama-bpe (llama3, llama-v3), gpt-2 and smollm");
}

// Moves control and user-defined tokens from the plain vocabulary to the added ones; unused ids become empty.
Result<void> sort_out_types(const Reader& r, text::Vocab& v) {
  constexpr const char* kKey = "tokenizer.ggml.token_type";
  const Value* types = r.find(kKey);
  if (!types) return r.bad(kKey, "is missing");
  if (types->count != v.tokens.size())
    return r.bad(kKey,
                 "has " + std::to_string(types->count) + " entries for " + std::to_string(v.tokens.size()) + " tokens");
  std::optional<std::uint64_t> wrong;
  const bool ok = types->each_integer([&](std::uint64_t i, std::int64_t type) {
    if (type < kNormal || type > kLastType) {
      if (!wrong) wrong = i;
      return;
    }
    std::string& token = v.tokens[i];
    if ((type == kControl || type == kUserDefined) && !token.empty())
      v.added.push_back({static_cast<std::int32_t>(i), std::move(token), type == kControl});
    if (type == kControl || type == kUserDefined || type == kUnused) token.clear();
  });
  if (!ok) return r.bad(kKey, "is no list of integers");
  if (wrong) return r.bad(kKey, "entry " + std::to_string(*wrong) + " is no type of a token");
  return {};
}

Result<void> check_merges(const Reader& r, const text::Vocab& v) {
  for (std::size_t i = 0; i < v.merges.size(); ++i) {
    const std::string& m = v.merges[i];
    const std::size_t space = m.find(' ');
    if (space == m.npos || space == 0 || space + 1 == m.size() || m.find(' ', space + 1) != m.npos)
      return r.bad("tokenizer.ggml.merges",
                   "entry " + std::to_string(i) + " is no pair of tokens: \"" + escape_text(m, 80) + "\"");
  }
  return {};
}

std::string token_text(const text::Vocab& v, std::int32_t id) {
  const auto added =
      std::find_if(v.added.begin(), v.added.end(), [&](const text::AddedToken& t) { return t.id == id; });
  if (added != v.added.end()) return added->text;
  return id >= 0 ? v.tokens[static_cast<std::size_t>(id)] : std::string();
}

}  // namespace

Result<TextSource> text_source(const Header& h, const std::string& file) {
  const Reader r(h, file);
  RM_ASSIGN(const Family* family, family_of(r));
  TextSource s;
  text::Vocab& v = s.vocab;
  v.split = family->split;
  v.nfc = family->nfc;
  v.ignore_merges = family->ignore_merges;
  RM_ASSIGN(v.tokens, r.texts("tokenizer.ggml.tokens", limits::kTokenBytes));
  RM_ASSIGN(v.merges, r.texts("tokenizer.ggml.merges", 2 * limits::kTokenBytes));
  RM_TRY(sort_out_types(r, v));
  RM_TRY(check_merges(r, v));
  RM_ASSIGN(v.bos, r.id("tokenizer.ggml.bos_token_id", v.tokens.size()));
  RM_ASSIGN(v.eos, r.id("tokenizer.ggml.eos_token_id", v.tokens.size()));
  v.add_bos = family->add_bos;
  if (const Value* add = h.find("tokenizer.ggml.add_bos_token")) {
    const auto b = add->boolean();
    if (!b)
      return r.bad("tokenizer.ggml.add_bos_token", std::string("is of type ") + name(add->type) + "; expected a bool");
    v.add_bos = *b;
  }
  if (v.bos < 0) v.add_bos = false;
  s.bos_text = token_text(v, v.bos);
  RM_ASSIGN(s.chat_template, r.text("tokenizer.chat_template", false));
  return s;
}

Result<TextSource> read_text(const std::string& path) {
  RM_ASSIGN(const File f, open(path));
  return text_source(f.header, path);
}

}  // namespace rm::weightfile::gguf
