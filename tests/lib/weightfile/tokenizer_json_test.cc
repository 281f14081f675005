#include "lib/weightfile/tokenizer_json.h"

#include <doctest/doctest.h>

#include "lib/text/tokenizer.h"
#include "tests/lib/weightfile/model_builder.h"

namespace rm::weightfile {
namespace {

using namespace testing;

std::string refusal(const std::string& text) {
  const auto v = vocab_from_json(text);
  if (v) return "";
  CHECK(v.error().exit == Exit::kModel);
  CHECK(v.error().where.find("tokenizer.json") != std::string::npos);
  return v.error().text();
}

TEST_CASE("a Qwen2 tokenizer.json becomes a vocabulary") {
  const auto v = vocab_from_json(tiny_tokenizer());
  if (!v) FAIL(v.error().text());
  CHECK(v->split == text::Split::kQwen2);
  CHECK(v->nfc);
  CHECK(!v->ignore_merges);
  CHECK(!v->add_bos);
  REQUIRE(v->tokens.size() == 7);
  CHECK(v->tokens[4] == "abc");
  CHECK(v->tokens[5].empty());  // an added token stands only among the added ones
  CHECK(v->merges == std::vector<std::string>{"a b", "ab c"});
  REQUIRE(v->added.size() == 2);
  CHECK(v->added[0].text == "<|end|>");
  CHECK(v->added[0].special);
  CHECK(!v->added[1].special);
}

TEST_CASE("merges are read in both spellings") {
  const auto v = vocab_from_json(with(tiny_tokenizer(), R"("a b", "ab c")", R"(["a", "b"], ["ab", "c"])"));
  REQUIRE(v.ok());
  CHECK(v->merges == std::vector<std::string>{"a b", "ab c"});
}

TEST_CASE("the splits of the other families are recognised") {
  struct Row {
    const char* pre;
    text::Split split;
  };
  const std::string text = tiny_tokenizer();
  const std::size_t begin = text.find("\"pre_tokenizer\": "), end = text.find("\n\"post_processor\"");
  for (
      const Row& r : {
          Row{R"({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true, "use_regex": true})",
              text::Split::kGpt2},
          Row{R"({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true})", text::Split::kGpt2},
          Row{R"({"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, {"type": "ByteLevel", "add_prefix_space": false, "use_regex": true}]})",
              text::Split::kSmolLm},
          Row{R"({"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+"}, "behavior": "Isolated", "invert": false}, {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]})",
              text::Split::kLlama3},
      }) {
    const auto v = vocab_from_json(text.substr(0, begin) + "\"pre_tokenizer\": " + r.pre + "," + text.substr(end));
    if (!v) FAIL(v.error().text());
    CHECK(v->split == r.split);
  }
}

TEST_CASE("what would change ids and is not supported is refused by name") {
  struct Row {
    const char *from, *to, *says;
  };
  for (const Row& r : {
           Row{"\"BPE\"", "\"Unigram\"", "\"model.type\" is \"Unigram\""},
           Row{"\"byte_fallback\": false", "\"byte_fallback\": true", "byte_fallback"},
           Row{"\"end_of_word_suffix\": \"\"", "\"end_of_word_suffix\": \"</w>\"", "end_of_word_suffix"},
           Row{"\"dropout\": null", "\"dropout\": 0.1", "dropout"},
           Row{"\"NFC\"", "\"NFKC\"", "\"normalizer\" is \"NFKC\""},
           Row{"\"Isolated\"", "\"Removed\"", "pre_tokenizer"},
           Row{"\\p{N}|", "\\p{N}{1,2}|", "pre_tokenizer"},
           Row{"\"invert\": false", "\"invert\": true", "pre_tokenizer"},
           Row{"\"use_regex\": false", "\"use_regex\": true", "the chain Split, ByteLevel"},
           Row{"{\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"trim",
               "{\"type\": \"ByteLevel\", \"add_prefix_space\": true, \"trim", "add_prefix_space"},
           Row{"{\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"trim", "{\"type\": \"Metaspace\", \"trim",
               "ByteLevel"},
           Row{"\"decoder\": {\"type\": \"ByteLevel\"}", "\"decoder\": {\"type\": \"WordPiece\"}", "decoder"},
           Row{"\"lstrip\": false", "\"lstrip\": true", "asks for lstrip"},
       }) {
    CAPTURE(std::string(r.to));
    const std::string says = refusal(with(tiny_tokenizer(), r.from, r.to));
    CAPTURE(says);
    REQUIRE(says != "");
    CHECK(says.find(r.says) != std::string::npos);
  }
}

TEST_CASE("hostile vocabularies are refused without large tables") {
  struct Row {
    std::string from, to;
    const char* says;
  };
  const std::string long_token(70'000, 'x');
  for (const Row& r : {
           Row{"\"abc\": 4", "\"abc\": 3", "share the id 3"},
           Row{"\"abc\": 4", "\"abc\": -1", "has the id -1"},
           Row{"\"abc\": 4", "\"abc\": 2147483648", "has the id 2147483648"},
           Row{"\"abc\": 4", "\"abc\": 4194303", "has the id 4194303"},
           Row{"\"abc\": 4", "\"abc\": \"4\"", "has the id"},
           Row{"\"abc\": 4", "\"abc\": 4, \"abc\": 9", "abc"},
           Row{"\"abc\": 4", "\"\": 4", "empty"},
           Row{"\"abc\": 4", "\"" + long_token + "\": 4", "longer than"},
           Row{"\"a b\"", "\"ab\"", "entry 0"},
           Row{"\"a b\"", "\"a b c\"", "entry 0"},
           Row{"\"a b\"", "[\"a\"]", "entry 0"},
           Row{"\"a b\"", "[\"a\", \"b c\"]", "entry 0"},
           Row{"\"a b\"", "7", "entry 0"},
           Row{"\"merges\"", "\"merge\"", "\"model.merges\" is missing"},
           Row{"\"vocab\"", "\"vocabulary\"", "\"model.vocab\" is missing"},
           Row{"{\"id\": 5", "{\"id\": 4", "has the id of the token \"abc\""},
           Row{"{\"id\": 5", "{\"id\": 99999999", "no id in the vocabulary's range"},
           Row{"<|end|>", "", "content"},
       }) {
    CAPTURE(r.to.substr(0, 60));
    const std::string says = refusal(with(tiny_tokenizer(), r.from, r.to));
    CAPTURE(says);
    REQUIRE(says != "");
    CHECK(says.find(r.says) != std::string::npos);
  }
}

TEST_CASE("tokenizer_config.json gives the ends and the chat template") {
  TextSource s;
  s.vocab = *vocab_from_json(tiny_tokenizer());
  REQUIRE(apply_tokenizer_config(R"({"bos_token": "<|end|>", "eos_token": {"content": "<tool>"}, "add_bos_token": true,
      "chat_template": [{"name": "tool_use", "template": "T"}, {"name": "default", "template": "D"}]})",
                                 s)
              .ok());
  CHECK(s.vocab.bos == 5);
  CHECK(s.vocab.eos == 6);
  CHECK(s.vocab.add_bos);
  CHECK(s.bos_text == "<|end|>");
  CHECK(s.chat_template == "D");
  REQUIRE(apply_tokenizer_config(R"({"chat_template": "one"})", s).ok());
  CHECK(s.chat_template == "one");
  for (const char* bad : {R"({"chat_template": 5})", R"({"chat_template": [{"name": "x", "template": "T"}]})",
                          R"({"add_bos_token": 1})", "[]", "{"}) {
    CAPTURE(std::string(bad));
    const auto r = apply_tokenizer_config(bad, s);
    REQUIRE(!r.ok());
    CHECK(r.error().exit == Exit::kModel);
    CHECK(r.error().where.find("tokenizer_config.json") != std::string::npos);
  }
}

TEST_CASE("a length limit of 10^30, as transformers writes for none, is no obstacle") {
  TextSource s;
  s.vocab = *vocab_from_json(tiny_tokenizer());
  const auto r = apply_tokenizer_config(
      R"({"x": "\"1000000000000000019884624838656", "model_max_length": 1000000000000000019884624838656, "y": [-1.5e3, 12],
"bos_token": "<|end|>", "chat_template": "1000000000000000019884624838656"})",
      s);
  if (!r) FAIL(r.error().text());
  CHECK(s.bos_text == "<|end|>");
  CHECK(s.chat_template == "1000000000000000019884624838656");
}

TEST_CASE("a post-processor that begins with a special token asks for bos") {
  const auto v = vocab_from_json(with(
      tiny_tokenizer(), R"("post_processor": {"type": "ByteLevel", "add_prefix_space": false})",
      R"("post_processor": {"type": "Sequence", "processors": [{"type": "ByteLevel"}, {"type": "TemplateProcessing",
      "single": [{"SpecialToken": {"id": "<|end|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]}]})"));
  REQUIRE(v.ok());
  CHECK(v->add_bos);
}

TEST_CASE("a folder's text comes from its three files, chat_template.jinja first") {
  const TempFolder f;
  write_tiny_folder(f);
  const auto m = WeightFile::open(f.path());
  if (!m) FAIL(m.error().text());
  CHECK((*m)->text()->chat_template == "");
  f.write("tokenizer_config.json", R"({"bos_token": null, "chat_template": "config"})");
  CHECK((*m)->text()->chat_template == "config");
  CHECK((*m)->text()->bos_text == "");
  f.write("chat_template.jinja", "file");
  CHECK((*m)->text()->chat_template == "file");
  CHECK((*m)->text()->vocab.eos == 5);  // from config.json
  f.write("config.json", with(tiny_config(), "\"vocab_size\": 8", "\"vocab_size\": 6"));
  const auto small = WeightFile::open(f.path());
  REQUIRE(small.ok());
  REQUIRE(!(*small)->text().ok());
  CHECK((*small)->text().error().text().find("vocab_size") != std::string::npos);
  std::filesystem::remove(f.at("tokenizer.json"));
  CHECK((*m)->text().error().text().find("tokenizer.json") != std::string::npos);
}

}  // namespace
}  // namespace rm::weightfile
