// tokenizer.json as the tokenizers library reads it.
#include "lib/base/json.h"
#include "lib/weightfile/tokenizer_json.h"

namespace rm::weightfile {
namespace {

void byte_level(json::Writer& w, bool use_regex) {
  w.begin_object().member("type", "ByteLevel").member("add_prefix_space", false).member("trim_offsets", false);
  w.member("use_regex", use_regex).end_object();
}

void pre_tokenizer(json::Writer& w, text::Split split) {
  if (split == text::Split::kGpt2) return byte_level(w, true);
  w.begin_object().member("type", "Sequence").key("pretokenizers").begin_array();
  if (split == text::Split::kSmolLm) {
    w.begin_object().member("type", "Digits").member("individual_digits", true).end_object();
  } else {
    w.begin_object().member("type", "Split").key("pattern").begin_object();
    w.member("Regex", split_expression(split)).end_object();
    w.member("behavior", "Isolated").member("invert", false).end_object();
  }
  byte_level(w, split == text::Split::kSmolLm);
  w.end_array().end_object();
}

void added_tokens(json::Writer& w, const text::Vocab& v) {
  w.begin_array();
  for (const text::AddedToken& t : v.added) {
    w.begin_object().member("id", std::int64_t{t.id}).member("content", t.text).member("single_word", false);
    w.member("lstrip", false).member("rstrip", false).member("normalized", false);
    w.member("special", t.special).end_object();
  }
  w.end_array();
}

// One sequence: the text, `bos` before it.
void template_processing(json::Writer& w, const text::AddedToken& bos) {
  const auto part = [&](const char* kind, std::string_view id, int type) {
    w.begin_object().key(kind).begin_object().member("id", id).member("type_id", type).end_object().end_object();
  };
  w.begin_object().member("type", "TemplateProcessing").key("single").begin_array();
  part("SpecialToken", bos.text, 0);
  part("Sequence", "A", 0);
  w.end_array().key("pair").begin_array();
  part("SpecialToken", bos.text, 0);
  part("Sequence", "A", 0);
  part("SpecialToken", bos.text, 1);
  part("Sequence", "B", 1);
  w.end_array().key("special_tokens").begin_object().key(bos.text).begin_object().member("id", bos.text);
  w.key("ids").begin_array().value(std::int64_t{bos.id}).end_array();
  w.key("tokens").begin_array().value(bos.text).end_array().end_object().end_object().end_object();
}

// Added tokens are in the plain vocabulary too: tokenizers takes their ids from there, else counts on from its end.
void model(json::Writer& w, const text::Vocab& v) {
  w.begin_object().member("type", "BPE").key("dropout").null().key("unk_token").null();
  w.member("continuing_subword_prefix", "").member("end_of_word_suffix", "").member("fuse_unk", false);
  w.member("byte_fallback", false).member("ignore_merges", v.ignore_merges).key("vocab").begin_object();
  std::vector<std::string_view> texts(v.tokens.begin(), v.tokens.end());
  for (const text::AddedToken& t : v.added) {
    const auto id = static_cast<std::size_t>(t.id);
    if (id >= texts.size()) texts.resize(id + 1);
    texts[id] = t.text;
  }
  for (std::size_t id = 0; id < texts.size(); ++id)
    if (!texts[id].empty()) w.member(texts[id], static_cast<std::int64_t>(id));
  w.end_object().key("merges").begin_array();
  for (const std::string& m : v.merges) w.value(m);
  w.end_array().end_object();
}

}  // namespace

std::string vocab_to_json(const text::Vocab& v) {
  std::string out;
  json::Writer w(out);
  w.begin_object().member("version", "1.0").key("truncation").null().key("padding").null();
  w.key("added_tokens");
  added_tokens(w, v);
  w.key("normalizer");
  if (v.nfc) {
    w.begin_object().member("type", "NFC").end_object();
  } else {
    w.null();
  }
  w.key("pre_tokenizer");
  pre_tokenizer(w, v.split);
  w.key("post_processor");
  const text::AddedToken* bos = nullptr;
  for (const text::AddedToken& t : v.added)
    if (v.add_bos && t.id == v.bos) bos = &t;
  if (bos) {
    template_processing(w, *bos);
  } else {
    w.null();
  }
  w.key("decoder");
  byte_level(w, true);
  w.key("model");
  model(w, v);
  w.end_object();
  return out + "\n";
}

}  // namespace rm::weightfile
