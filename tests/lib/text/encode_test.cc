#include "lib/text/encode.h"

#include <doctest/doctest.h>

#include "tests/lib/text/tiny_vocab.h"

using namespace rm::text;

namespace {

// The tiny vocabulary with a second plain token that begins as the first does.
Vocab thinking() {
  Vocab v = tiny_vocab();
  v.added.push_back({v.added.back().id + 1, "<think>\n", false});
  return v;
}

std::string shown(const Tokenizer& t, const Ids& ids) {
  std::string out;
  for (const Id id : ids) out += "[" + std::string(t.bytes(id, true).value()) + "]";
  return out;
}

}  // namespace

TEST_CASE("a reply has the plain added tokens a model writes and never a special one") {
  struct Row {
    const char *text, *tokens;
  };
  const Tokenizer t = *Tokenizer::make(thinking());
  for (const Row& r : {
           Row{"", ""},
           Row{"hello", "[hello]"},
           Row{"<think>hello", "[<think>][hello]"},
           Row{"hello<think>", "[hello][<think>]"},
           Row{"<think><think>", "[<think>][<think>]"},
           Row{"<think>\nhello", "[<think>\n][hello]"},  // the longest that begins there
           Row{"<<think>", "[<][<think>]"},
           Row{"<think", "[<][t][h][i][n][k]"},
           Row{"<|im|>", "[<|][im][|][>]"},  // special: spelled out
           Row{"<|im_start|><think>", "[<|][im][_][s][t][a][r][t][|][>][<think>]"},
       }) {
    CAPTURE(r.text);
    CHECK(shown(t, encode_reply(t, r.text)) == r.tokens);
  }
}

TEST_CASE("a long reply that repeats one token and lacks the other until its end") {
  const Tokenizer t = *Tokenizer::make(thinking());
  std::string text;
  for (int i = 0; i < 40000; ++i) text += "<think>a";
  text += "<think>\n";
  CHECK(encode_reply(t, text).size() == 80001);
}

TEST_CASE("bos stands first once where the tokenizer adds it") {
  Vocab v = tiny_vocab();
  const auto id = v.added[0].id;
  const std::vector<Segment> plain{{false, "hello"}}, begun{{true, "<|im_start|>"}, {false, "hello"}};
  struct Row {
    bool add;
    std::int32_t bos;
    const std::vector<Segment>& prompt;
    std::size_t size;
    bool added;
  };
  for (const Row& r : {Row{true, id, plain, 2, true}, Row{true, id, begun, 2, false}, Row{false, id, plain, 1, false},
                       Row{true, -1, plain, 1, false}}) {
    v.add_bos = r.add;
    v.bos = r.bos;
    const Tokenizer t = *Tokenizer::make(v);
    const PromptIds p = encode_prompt(t, r.prompt);
    CHECK(p.ids.size() == r.size);
    CHECK(p.bos_added == r.added);
    CHECK((p.ids.front() == id) == (r.size == 2));
  }
}
