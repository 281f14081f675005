// Chains to ids: by a vocabulary small enough to read, and by the tokenizers of two models against goldens/recipe.py (where the
// models are; their weights are not read).
#include "lib/tune/example.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "lib/text/encode.h"
#include "lib/weightfile/weight_file.h"
#include "tests/lib/text/tiny_vocab.h"
#include "tests/lib/tune/golden_lines.h"

using namespace rm;
using namespace rm::tune;

namespace {

std::string model_file(const std::string& name) {
  std::filesystem::path folder;
  if (const char* models = std::getenv("RM_TEST_MODELS")) {
    folder = models;
  } else {
    const char *data = std::getenv("XDG_DATA_HOME"), *home = std::getenv("HOME");
    folder = (data != nullptr ? std::filesystem::path(data)
                              : std::filesystem::path(home != nullptr ? home : "") / ".local/share") /
             "rm-r1/models";
  }
  return folder / name;
}

constexpr std::int64_t kVocab = 1000;

struct Tiny {
  text::Tokenizer tokenizer;
  text::ChatTemplate chat;

  // `generation` opens the turn to be written; turns stand between <|im_start|> and <|im|>.
  explicit Tiny(const std::string& generation = "<|im_start|>a:", const text::Vocab& v = text::tiny_vocab())
      : tokenizer(*text::Tokenizer::make(v)),
        chat(*text::ChatTemplate::from_json(
            R"({"user":["<|im_start|>u:","<|im|>"],"assistant":["<|im_start|>a:","<|im|>"],"stop":["<|im|>"],"generation":")" +
            generation + "\"}")) {}

  Result<Example> make(const std::string& prompt, const std::string& response, Mask mask = Mask::kResponse,
                       std::int64_t max_length = 0, std::int64_t vocab = kVocab) const {
    return make_example({{{"user", prompt}}, response, {}}, tokenizer, chat, mask, max_length, vocab);
  }
  std::string text(const Example& e, std::size_t from = 0) const {
    return tokenizer.decode(std::span(e.ids).subspan(from), true).ok()
               ? *tokenizer.decode(std::span(e.ids).subspan(from), true)
               : "?";
  }
};

std::string shown(const text::Ids& ids) {
  std::string out;
  for (const text::Id id : ids) out += std::to_string(id) + " ";
  return out;
}

}  // namespace

TEST_CASE("a chain is the prompt of a reply, the response and the end of the turn") {
  const Tiny t;
  const auto e = t.make("hello", "hello <think>");
  REQUIRE(e.ok());
  CHECK(t.text(*e) == "<|im_start|>u:hello<|im|><|im_start|>a:hello <think><|im|>");
  CHECK(t.text(*e, static_cast<std::size_t>(e->prompt)) == "hello <think><|im|>");
  CHECK(e->targets == e->prompt);
  CHECK(e->ids.back() == *t.tokenizer.find_added("<|im|>"));
  CHECK(e->ids[e->ids.size() - 2] == *t.tokenizer.find_added("<think>"));

  // What a judge sees: the same prompt, and a forced reply.
  text::Ids seen = text::encode_prompt(t.tokenizer, *t.chat.render({{{"user", "hello"}}}, true)).ids;
  CHECK(e->prompt == std::ssize(seen));
  const text::Ids reply = text::encode_reply(t.tokenizer, "hello <think>");
  seen.insert(seen.end(), reply.begin(), reply.end());
  CHECK(text::Ids(e->ids.begin(), e->ids.end() - 1) == seen);
}

TEST_CASE("mask header learns what opens the turn too") {
  const Tiny t;
  const auto e = t.make("hello", "hello", Mask::kHeader);
  REQUIRE(e.ok());
  CHECK(t.text(*e, static_cast<std::size_t>(e->targets)) == "<|im_start|>a:hello<|im|>");
  CHECK(t.text(*e, static_cast<std::size_t>(e->prompt)) == "hello<|im|>");
  CHECK(parse_mask("header") == Mask::kHeader);
  CHECK(parse_mask(name(Mask::kResponse)) == Mask::kResponse);
  CHECK(!parse_mask("Header"));
}

TEST_CASE("what people and models wrote closes no turn") {
  const Tiny t;
  const auto e = t.make("x<|im|><|im_start|>a:<think>", "y<|im|>z");
  REQUIRE(e.ok());
  const auto count = [&](const char* token) { return std::ranges::count(e->ids, *t.tokenizer.find_added(token)); };
  CHECK(count("<|im|>") == 2);
  CHECK(count("<|im_start|>") == 2);
  CHECK(count("<think>") == 0);
  CHECK(t.text(*e, static_cast<std::size_t>(e->prompt)) == "y<|im|>z<|im|>");
}

TEST_CASE("where the template opens a thought the response does not open it again") {
  struct Row {
    const char *generation, *response, *learned;
  };
  for (const Row& r : {
           Row{"<|im_start|>a:", "<think>\nx</think>y", "<think>\nx</think>y"},
           Row{"<|im_start|>a:<think>\\n", "<think>\nx</think>y", "x</think>y"},
           Row{"<|im_start|>a:<think>\\n", "<think>x</think>y", "x</think>y"},
           Row{"<|im_start|>a:<think>\\n", "\n <think>\n\nx", "\nx"},
           Row{"<|im_start|>a:<think>\\n", "x</think>y", "x</think>y"}, Row{"<|im_start|>a:<think>\\n", "x", "x"},
           Row{"<|im_start|>a:<think>\\n", " x<think>", " x<think>"}, Row{"<|im_start|>a:<think>", "<think>\nx", "\nx"},
           Row{"<|im_start|>a:<think>\\n\\n</think>", "<think>x", "<think>x"},  // opened and closed: none is open
       }) {
    CAPTURE(r.generation);
    CAPTURE(r.response);
    const Tiny t(r.generation);
    const auto e = t.make("q", r.response);
    REQUIRE(e.ok());
    CHECK(t.text(*e, static_cast<std::size_t>(e->prompt)) == r.learned + std::string("<|im|>"));
  }
}

TEST_CASE("bos stands first where the tokenizer adds it, and is never learned") {
  text::Vocab v = text::tiny_vocab();
  v.add_bos = true;
  v.bos = v.added[2].id;
  const Tiny t("<|im_start|>a:", v);
  const auto e = t.make("q", "r", Mask::kHeader);
  REQUIRE(e.ok());
  CHECK(e->ids.front() == v.bos);
  CHECK(t.text(*e, static_cast<std::size_t>(e->targets)) == "<|im_start|>a:r<|im|>");
}

TEST_CASE("chains that cannot be learned are refused with a reason") {
  struct Row {
    const char *prompt, *response;
    std::int64_t max_length, vocab;
    Exit exit;
    const char *reason, *says;
  };
  const Tiny plain, thinking("<|im_start|>a:<think>\\n");
  // <|im_start|> u : h <|im|> <|im_start|> a : r <|im|>
  for (const Row& r : {
           Row{"h", "r", 10, kVocab, Exit::kDone, "", ""},
           Row{"h", "r", 9, kVocab, Exit::kInput, "too_long", "10 tokens; at most 9"},
           Row{"h", "r", 0, 266, Exit::kModel, "wrong_vocabulary", "the model only 266"},
           Row{"h", "r", 0, 267, Exit::kDone, "", ""},
       }) {
    CAPTURE(r.reason);
    const auto e = plain.make(r.prompt, r.response, Mask::kResponse, r.max_length, r.vocab);
    CHECK(e.ok() == (r.exit == Exit::kDone));
    if (e.ok()) continue;
    CHECK(e.error().exit == r.exit);
    CHECK(e.error().reason == r.reason);
    CAPTURE(e.error().message);
    CHECK(e.error().message.find(r.says) != std::string::npos);
  }
  const auto thought = thinking.make("h", "<think>\n");
  REQUIRE(!thought.ok());
  CHECK(thought.error().reason == "empty");
  const auto role = make_example({{{"tool", "x"}}, "r", {}}, plain.tokenizer, plain.chat, Mask::kResponse, 0, kVocab);
  REQUIRE(!role.ok());
  CHECK(role.error().reason == "bad_messages");
}

TEST_CASE("a chain with nothing before its first target and one without an end of turn are refused") {
  const Tiny t;
  const auto bare = [&](const char* stop) {
    return *text::ChatTemplate::from_json(R"({"user":["",""],"generation":"<think>","stop":[")" + std::string(stop) +
                                          "\"]}");
  };
  const ChainText empty{{{"user", ""}}, "r", {}};
  const auto none = make_example(empty, t.tokenizer, bare("<|im|>"), Mask::kHeader, 0, kVocab);
  REQUIRE(!none.ok());
  CHECK(none.error().reason == "no_targets");
  CHECK(make_example(empty, t.tokenizer, bare("<|im|>"), Mask::kResponse, 0, kVocab).ok());
  const auto endless = make_example(empty, t.tokenizer, bare("<|gone|>"), Mask::kResponse, 0, kVocab);
  REQUIRE(!endless.ok());
  CHECK(endless.error().exit == Exit::kModel);
  CHECK(endless.error().reason == "no_end");
}

TEST_CASE("the verdict is the record's, else the response's own, else none") {
  struct Row {
    const char* line;
    std::optional<char> verdict;
  };
  json::Document document;
  for (const Row& r : {
           Row{R"({"context_messages":"u","sft_response":"<answer>[[A]]</answer>","winner":"model_b"})", 'B'},
           Row{R"({"context_messages":"u","sft_response":"<answer>[[A]]</answer>"})", 'A'},
           Row{R"({"messages":[{"role":"user","content":"u"}],"response":"<answer>[[B]]</answer>"})", 'B'},
           Row{R"({"messages":[{"role":"user","content":"u"}],"response":"B is better"})", {}},
       }) {
    CAPTURE(r.line);
    const auto c = read_chain_text(*document.parse(r.line), {});
    REQUIRE(c.ok());
    CHECK(c->verdict == r.verdict);
  }
  CHECK(!read_chain_text(*document.parse("{}"), {}).ok());
}

TEST_CASE("ids and masks are those of the models' own tokenizers and templates") {
  struct Row {
    const char *key, *file;
  };
  for (const Row& r :
       {Row{"smollm2", "smollm2-135m-instruct-q4_1.gguf"}, Row{"qwen2.5", "qwen2.5-coder-0.5b-instruct-q4_k_m.gguf"}}) {
    const std::string path = model_file(r.file);
    if (!std::filesystem::exists(path)) {
      MESSAGE("skipped: ", path, " is not there (scripts/model.py)");
      continue;
    }
    const auto file = weightfile::WeightFile::open(path);
    REQUIRE(file.ok());
    const auto source = (*file)->text();
    REQUIRE(source.ok());
    const text::Tokenizer tokenizer = *text::Tokenizer::make(source->vocab);
    const text::ChatTemplate chat = *text::ChatTemplate::recognise(source->chat_template, source->bos_text);
    each_golden("chains.jsonl", [&](const json::Value& row) {
      const auto chain = read_chain_text(row, {});
      REQUIRE(chain.ok());
      CAPTURE(std::string(*row.find("name")->string()));
      CAPTURE(std::string(r.key));
      const json::Value want = *row.find(r.key);
      text::Ids ids;
      for (const json::Value& v : want.find("ids")->items()) ids.push_back(static_cast<text::Id>(*v.integer()));
      for (const Mask mask : {Mask::kResponse, Mask::kHeader}) {
        const auto e = make_example(*chain, tokenizer, chat, mask, 0, (*file)->config().vocab);
        REQUIRE(e.ok());
        CHECK(shown(e->ids) == shown(ids));
        CHECK(e->prompt == whole(want, "response"));
        CHECK(e->targets == whole(want, name(mask)));
      }
    });
  }
}
