#include <algorithm>

#include "lib/base/escape.h"
#include "lib/base/fd.h"
#include "lib/base/limits.h"
#include "lib/weightfile/fields.h"
#include "lib/weightfile/tokenizer_json.h"

namespace rm::weightfile {
namespace {

constexpr const char* kConfigFile = "tokenizer_config.json";

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// transformers writes "no limit" as the integer 10^30, which is beyond any integer type: such numbers become doubles.
std::string with_doubles_for_huge_integers(std::string_view text) {
  constexpr std::size_t kDigitsThatFit = 18;
  constexpr std::string_view kNoInteger = ".eE+-";  // before or behind a run of digits: part of a double already
  std::string out;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t begin = i;
    if (quoted || !is_digit(text[i])) {
      if (text[i] == '"') quoted = !quoted;
      i += quoted && text[i] == '\\' ? 2 : 1;
      out += text.substr(begin, i - begin);
      continue;
    }
    while (i < text.size() && is_digit(text[i])) ++i;
    out += text.substr(begin, i - begin);
    const bool exponent = begin >= 2 && kNoInteger.substr(1, 2).find(text[begin - 2]) != kNoInteger.npos;
    const bool inner = begin > 0 && text[begin - 1] != '-' && kNoInteger.find(text[begin - 1]) != kNoInteger.npos;
    const bool more = i < text.size() && kNoInteger.find(text[i]) != kNoInteger.npos;
    if (i - begin > kDigitsThatFit && !exponent && !inner && !more) out += ".0";
  }
  return out;
}

// A special token is written as a string or as an object with its content.
std::optional<std::string> token_text(const Fields& f, std::string_view key) {
  auto v = f.find(key);
  if (v && v->is(json::Type::kObject)) v = v->find("content");
  const auto s = v ? v->string() : std::nullopt;
  if (!s) return std::nullopt;
  return std::string(*s);
}

std::int32_t find_id(const text::Vocab& v, std::string_view text) {
  const auto added =
      std::find_if(v.added.begin(), v.added.end(), [&](const text::AddedToken& t) { return t.text == text; });
  if (added != v.added.end()) return added->id;
  const auto token = std::find(v.tokens.begin(), v.tokens.end(), text);
  return token != v.tokens.end() && !text.empty() ? static_cast<std::int32_t>(token - v.tokens.begin()) : -1;
}

// One template, or a list of named ones of which "default" is the one for chat.
Result<std::string> read_template(Fields& f) {
  const auto v = f.find("chat_template");
  if (!v) return std::string();
  if (const auto s = v->string()) return std::string(*s);
  if (!v->is(json::Type::kArray)) {
    f.refuse("chat_template", "is " + shown(*v) + "; expected a string or a list of named templates");
    return f.status().error();
  }
  for (const json::Value& item : v->items()) {
    const auto name = item.find("name"), text = item.find("template");
    if (name && name->string() == std::string_view("default") && text && text->string())
      return std::string(*text->string());
  }
  f.refuse("chat_template", "is a list without a template named \"default\"");
  return f.status().error();
}

// Empty where the file is missing.
Result<std::string> read_optional(const std::string& path, std::uint64_t limit) {
  auto text = fd::read_file(path, limit, Exit::kModel);
  if (!text && text.error().reason == "no_file") return std::string();
  return text;
}

Error in_folder(Error e, const std::string& folder) {
  e.where = e.where.empty() ? folder : folder + "/" + e.where;
  return e;
}

Result<void> check_ids(const text::Vocab& v, const ModelConfig& c) {
  if (v.tokens.size() <= static_cast<std::size_t>(c.vocab)) return {};
  return make_error(Exit::kModel, "bad_tokenizer",
                    "the largest id is " + std::to_string(v.tokens.size() - 1) + " but the model has only " +
                        std::to_string(c.vocab) + " rows of embeddings (vocab_size)",
                    "tokenizer.json");
}

}  // namespace

Result<void> apply_tokenizer_config(std::string_view tokenizer_config, TextSource& s) {
  if (tokenizer_config.empty()) return {};
  json::Document doc;
  RM_ASSIGN(const json::Value top, parse_object(doc, with_doubles_for_huge_integers(tokenizer_config), kConfigFile));
  Fields f(top);
  const auto placed = [](Error e) {
    e.where = kConfigFile;
    return e;
  };
  if (const auto bos = token_text(f, "bos_token")) {
    s.bos_text = *bos;
    s.vocab.bos = find_id(s.vocab, *bos);
  }
  if (const auto eos = token_text(f, "eos_token")) s.vocab.eos = find_id(s.vocab, *eos);
  s.vocab.add_bos = f.boolean("add_bos_token", s.vocab.add_bos);
  auto chat = read_template(f);
  if (!chat) return placed(chat.error());
  s.chat_template = *std::move(chat);
  if (auto ok = f.status(); !ok) return placed(ok.error());
  return {};
}

Result<TextSource> read_folder_text(const std::string& folder, const ModelConfig& config) {
  TextSource s;
  auto text = fd::read_file(folder + "/tokenizer.json", limits::kTokenizerBytes, Exit::kModel);
  if (!text) {
    Error e = text.error();
    if (e.reason == "no_file")
      e.message += "; the model's tokenizer.json is needed (tokenizer.model and vocab.json are not read)";
    return e;
  }
  auto vocab = vocab_from_json(*text);
  if (!vocab) return in_folder(vocab.error(), folder);
  s.vocab = *std::move(vocab);
  if (auto ok = check_ids(s.vocab, config); !ok) return in_folder(ok.error(), folder);
  RM_ASSIGN(const std::string tokenizer_config, read_optional(folder + "/tokenizer_config.json", limits::kConfigBytes));
  if (auto ok = apply_tokenizer_config(tokenizer_config, s); !ok) return in_folder(ok.error(), folder);
  RM_ASSIGN(std::string chat, read_optional(folder + "/chat_template.jinja", limits::kConfigBytes));
  if (!chat.empty()) s.chat_template = std::move(chat);
  if (s.vocab.bos < 0 && config.bos >= 0 && static_cast<std::size_t>(config.bos) < s.vocab.tokens.size())
    s.vocab.bos = config.bos;
  if (s.vocab.eos < 0 && !config.eos.empty()) s.vocab.eos = config.eos.front();
  if (s.vocab.bos < 0) s.vocab.add_bos = false;
  return s;
}

}  // namespace rm::weightfile
