#include "lib/weightfile/tokenizer_json.h"

#include <algorithm>
#include <limits>

#include "lib/base/escape.h"
#include "lib/base/limits.h"
#include "lib/weightfile/fields.h"

namespace rm::weightfile {
namespace {

constexpr const char* kFile = "tokenizer.json";

// The published split expressions, as the files write them. GPT-2's is also what ByteLevel does with use_regex.
constexpr std::string_view kGpt2Regex = R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";
constexpr std::string_view kQwen2Regex =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";
constexpr std::string_view kLlama3Regex =
    R"((?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+)";

Error bad(std::string message) { return make_error(Exit::kModel, "bad_tokenizer", std::move(message), kFile); }
Error unsupported(std::string message) {
  return make_error(Exit::kModel, "unsupported_tokenizer", std::move(message), kFile);
}

std::string type_of(const json::Value& v) {
  const auto t = v.find("type");
  return std::string(t ? t->string().value_or("") : "");
}

bool flag(const json::Value& v, std::string_view key, bool fallback) {
  const auto f = v.find(key);
  return f ? f->boolean().value_or(fallback) : fallback;
}

// The steps of a Sequence, or the one step itself; none for null.
std::vector<json::Value> steps(const std::optional<json::Value>& v, std::string_view list) {
  if (!v || v->is(json::Type::kNull)) return {};
  if (type_of(*v) != "Sequence") return {*v};
  const auto items = v->find(list);
  return items ? items->items() : std::vector<json::Value>{};
}

Result<bool> read_normalizer(const json::Value& top) {
  bool nfc = false;
  for (const json::Value& s : steps(top.find("normalizer"), "normalizers")) {
    if (type_of(s) != "NFC")
      return unsupported("\"normalizer\" is \"" + escape_text(type_of(s), 40) + "\"; supported are NFC and none");
    nfc = true;
  }
  return nfc;
}

Result<text::Split> split_of_regex(const json::Value& step) {
  const auto pattern = step.find("pattern");
  const auto regex = pattern ? pattern->find("Regex") : std::nullopt;
  const auto text = regex ? regex->string() : std::nullopt;
  const auto behavior = step.find("behavior");
  if (!text || (behavior && behavior->string() != std::string_view("Isolated")) || flag(step, "invert", false))
    return unsupported("\"pre_tokenizer\" has a Split that is no isolated regular expression");
  if (*text == kQwen2Regex) return text::Split::kQwen2;
  if (*text == kLlama3Regex) return text::Split::kLlama3;
  if (*text == kGpt2Regex) return text::Split::kGpt2;
  return unsupported("\"pre_tokenizer\" splits by \"" + escape_text(*text, 200) +
                     "\", which is none of the expressions of Qwen2, Llama 3 and GPT-2");
}

// Which split a chain of steps is: Split + ByteLevel without its own expression, ByteLevel with it, or Digits before that.
Result<text::Split> read_split(const json::Value& top) {
  const std::vector<json::Value> chain = steps(top.find("pre_tokenizer"), "pretokenizers");
  if (chain.empty() || type_of(chain.back()) != "ByteLevel")
    return unsupported("\"pre_tokenizer\" does not end in ByteLevel; only byte-level BPE is supported");
  if (flag(chain.back(), "add_prefix_space", true))
    return unsupported("\"pre_tokenizer\" asks for add_prefix_space, which is not supported");
  const bool own = flag(chain.back(), "use_regex", true);
  if (chain.size() == 1 && own) return text::Split::kGpt2;
  if (chain.size() == 2 && own && type_of(chain[0]) == "Digits" && flag(chain[0], "individual_digits", false))
    return text::Split::kSmolLm;
  if (chain.size() == 2 && !own && type_of(chain[0]) == "Split") return split_of_regex(chain[0]);
  std::string names;
  for (const json::Value& s : chain) names += (names.empty() ? "" : ", ") + escape_text(type_of(s), 40);
  return unsupported("\"pre_tokenizer\" is the chain " + names + ", which no supported model uses");
}

Result<void> refuse_model_fields(const json::Value& model) {
  const std::string type = type_of(model);
  if (!type.empty() && type != "BPE")
    return unsupported("\"model.type\" is \"" + escape_text(type, 40) + "\"; only BPE is supported");
  if (flag(model, "byte_fallback", false))
    return unsupported("\"model.byte_fallback\" is true; only byte-level BPE is supported");
  for (const char* key : {"continuing_subword_prefix", "end_of_word_suffix"}) {
    const auto v = model.find(key);
    if (v && !v->is(json::Type::kNull) && v->string() != std::string_view(""))
      return unsupported(std::string("\"model.") + key + "\" is " + shown(*v) + ", which is not supported");
  }
  const auto dropout = model.find("dropout");
  if (dropout && !dropout->is(json::Type::kNull) && dropout->number() != 0.0)
    return unsupported("\"model.dropout\" is " + shown(*dropout) + "; random merges are not supported");
  return {};
}

// An id that a vocabulary of about `count` entries may have: no table is made longer than the file proves.
std::optional<std::int32_t> id_of(const json::Value& v, std::size_t count) {
  constexpr std::size_t kSlack = 65536;
  const auto id = v.integer();
  if (!id || *id < 0 || *id >= static_cast<std::int64_t>(std::min<std::size_t>(count + kSlack, limits::kVocab)))
    return std::nullopt;
  return static_cast<std::int32_t>(*id);
}

Result<void> read_tokens(const json::Value& model, text::Vocab& out) {
  const auto vocab = model.find("vocab");
  if (!vocab || !vocab->is(json::Type::kObject)) return bad("\"model.vocab\" is missing or no object");
  std::optional<Error> error;
  const std::size_t count = vocab->size();
  std::vector<bool> taken;
  vocab->each_member([&](std::string_view token, json::Value v) {
    if (error) return;
    const auto id = id_of(v, count);
    if (!id) {
      error = bad("token \"" + escape_text(token, 80) + "\" has the id " + shown(v) + "; expected 0 to about " +
                  std::to_string(count));
    } else if (token.empty() || token.size() > limits::kTokenBytes) {
      error = bad("the token with id " + std::to_string(*id) + " is empty or longer than " +
                  std::to_string(limits::kTokenBytes) + " bytes");
    } else {
      const auto at = static_cast<std::size_t>(*id);
      if (at >= out.tokens.size()) out.tokens.resize(at + 1), taken.resize(at + 1);
      if (taken[at])
        error = bad("tokens \"" + escape_text(out.tokens[at], 80) + "\" and \"" + escape_text(token, 80) +
                    "\" share the id " + std::to_string(at));
      taken[at] = true;
      out.tokens[at] = std::string(token);
    }
  });
  if (error) return *error;
  return {};
}

// "left right" in older files, ["left", "right"] in newer ones.
Result<std::string> read_merge(std::size_t i, const json::Value& v) {
  const auto wrong = [&](const char* what) {
    return bad("\"model.merges\" entry " + std::to_string(i) + " is " + what +
               "; expected \"left right\" or [\"left\", \"right\"]");
  };
  if (const auto s = v.string()) {
    const std::size_t space = s->find(' ');
    if (space == s->npos || space == 0 || space + 1 == s->size() || s->find(' ', space + 1) != s->npos)
      return wrong("no pair of tokens");
    if (s->size() > 2 * limits::kTokenBytes) return wrong("too long");
    return std::string(*s);
  }
  if (!v.is(json::Type::kArray) || v.size() != 2) return wrong(json::name(v.type()));
  const std::vector<json::Value> pair = v.items();
  const auto left = pair[0].string(), right = pair[1].string();
  if (!left || !right || left->empty() || right->empty() || left->find(' ') != left->npos ||
      right->find(' ') != right->npos)
    return wrong("no pair of tokens");
  if (left->size() + right->size() > 2 * limits::kTokenBytes) return wrong("too long");
  return std::string(*left) + " " + std::string(*right);
}

Result<void> read_merges(const json::Value& model, text::Vocab& out) {
  const auto merges = model.find("merges");
  if (!merges || !merges->is(json::Type::kArray)) return bad("\"model.merges\" is missing or no list");
  if (merges->size() > limits::kVocab)
    return bad("\"model.merges\" has " + std::to_string(merges->size()) + " entries; at most " +
               std::to_string(limits::kVocab) + " are allowed");
  std::optional<Error> error;
  merges->each_item([&](std::size_t i, json::Value v) {
    if (error) return;
    auto m = read_merge(i, v);
    if (m)
      out.merges.push_back(*std::move(m));
    else
      error = m.error();
  });
  if (error) return *error;
  return {};
}

Result<text::AddedToken> read_added_token(const json::Value& v, std::size_t count) {
  const auto content = v.find("content"), id_value = v.find("id");
  const auto text = content ? content->string() : std::nullopt;
  const auto id = id_value ? id_of(*id_value, count) : std::nullopt;
  if (!text || text->empty() || text->size() > limits::kTokenBytes)
    return bad("an entry of \"added_tokens\" has no usable \"content\"");
  if (!id) return bad("the added token \"" + escape_text(*text, 80) + "\" has no id in the vocabulary's range");
  for (const char* key : {"single_word", "lstrip", "rstrip"})
    if (flag(v, key, false))
      return unsupported("the added token \"" + escape_text(*text, 80) + "\" asks for " + key +
                         ", which is not supported");
  return text::AddedToken{*id, std::string(*text), flag(v, "special", false)};
}

// An added token is matched whole; its entry in the plain vocabulary, where it has one, would be read as bytes.
Result<void> read_added(const json::Value& top, text::Vocab& out) {
  const auto list = top.find("added_tokens");
  if (!list || list->is(json::Type::kNull)) return {};
  if (!list->is(json::Type::kArray)) return bad("\"added_tokens\" is " + shown(*list) + "; expected a list");
  const std::size_t count = out.tokens.size() + list->size();
  for (const json::Value& v : list->items()) {
    RM_ASSIGN(text::AddedToken t, read_added_token(v, count));
    const auto at = static_cast<std::size_t>(t.id);
    if (at >= out.tokens.size()) out.tokens.resize(at + 1);
    if (!out.tokens[at].empty() && out.tokens[at] != t.text)
      return bad("the added token \"" + escape_text(t.text, 80) + "\" has the id of the token \"" +
                 escape_text(out.tokens[at], 80) + "\"");
    out.tokens[at].clear();
    out.added.push_back(std::move(t));
  }
  return {};
}

// Whether the post-processor puts a special token before the text.
bool prepends_special(const json::Value& top) {
  for (const json::Value& step : steps(top.find("post_processor"), "processors")) {
    if (type_of(step) != "TemplateProcessing") continue;
    const auto single = step.find("single");
    const std::vector<json::Value> parts = single ? single->items() : std::vector<json::Value>{};
    if (!parts.empty() && parts.front().find("SpecialToken")) return true;
  }
  return false;
}

}  // namespace

std::string_view split_expression(text::Split split) {
  return split == text::Split::kQwen2 ? kQwen2Regex : split == text::Split::kLlama3 ? kLlama3Regex : kGpt2Regex;
}

Result<text::Vocab> vocab_from_json(std::string_view tokenizer_json) {
  json::Document doc;
  RM_ASSIGN(const json::Value top, parse_object(doc, tokenizer_json, kFile));
  const auto model = top.find("model");
  if (!model || !model->is(json::Type::kObject)) return bad("\"model\" is missing or no object");
  text::Vocab out;
  RM_TRY(refuse_model_fields(*model));
  RM_ASSIGN(out.nfc, read_normalizer(top));
  RM_ASSIGN(out.split, read_split(top));
  const auto decoder = top.find("decoder");
  if (decoder && !decoder->is(json::Type::kNull) && type_of(*decoder) != "ByteLevel")
    return unsupported("\"decoder\" is \"" + escape_text(type_of(*decoder), 40) + "\"; expected ByteLevel");
  out.ignore_merges = flag(*model, "ignore_merges", false);
  RM_TRY(read_tokens(*model, out));
  RM_TRY(read_merges(*model, out));
  RM_TRY(read_added(top, out));
  out.add_bos = prepends_special(top);
  return out;
}

}  // namespace rm::weightfile
