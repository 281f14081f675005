#include "lib/text/tokenizer.h"

#include <doctest/doctest.h>

#include <algorithm>

#include <functional>

#include "lib/base/limits.h"
#include "tests/lib/text/small_stack.h"
#include "tests/lib/text/tiny_vocab.h"

using namespace rm;
using namespace rm::text;

namespace {

Tokenizer tiny() { return *Tokenizer::make(tiny_vocab()); }

Ids text_ids(const Tokenizer& t, std::string_view text) {
  Ids ids;
  t.encode_text(text, ids);
  return ids;
}

}  // namespace

TEST_CASE("added tokens are matched in control text only, longest first") {
  const Tokenizer t = tiny();
  const Id start = t.find_added("<|im_start|>").value(), im = t.find_added("<|im|>").value(),
           think = t.find_added("<think>").value();
  Ids control;
  t.encode_control("<|im_start|>hello<|im|><think><|im_", control);
  CHECK(control.front() == start);
  CHECK(control[2] == im);
  CHECK(control[3] == think);
  CHECK(t.decode(control, true).ok());
  CHECK(*t.decode(control, true) == "<|im_start|>hello<|im|><think><|im_");
  for (const AddedToken& a : t.vocab().added) {
    const Ids ids = text_ids(t, a.text);
    for (const Id id : ids) CHECK(id < t.vocab().added[0].id);
    CHECK(*t.decode(ids) == a.text);
  }
}

TEST_CASE("an added token that merging could make is not made from text") {
  Vocab v = tiny_vocab();
  const Id hello = static_cast<Id>(std::find(v.tokens.begin(), v.tokens.end(), "hello") - v.tokens.begin());
  v.added.push_back({hello, "hello", true});
  const auto t = Tokenizer::make(v);
  REQUIRE(t.ok());
  const Ids ids = text_ids(*t, " hello");
  for (const Id id : ids) CHECK(id != hello);
  CHECK(*t->decode(ids) == " hello");
}

TEST_CASE("segments of a kind are one text and nothing merges across kinds") {
  const Tokenizer t = tiny();
  const Id hello = t.find_token("hello").value(), hell = t.find_token("hell").value(), o = t.find_token("o").value();
  CHECK(t.encode(std::vector<Segment>{{false, "he"}, {false, "llo"}}) == Ids{hello});
  CHECK(t.encode(std::vector<Segment>{{true, "hell"}, {false, "o"}}) == Ids{hell, o});
  CHECK(t.encode(std::vector<Segment>{{true, "<|im_"}, {false, ""}, {true, "start|>"}}) ==
        Ids{*t.find_added("<|im_start|>")});
  CHECK(t.encode(std::vector<Segment>{{true, "<|im_"}, {false, "start|>"}}).size() > 2);
  CHECK(t.encode({}).empty());
}

TEST_CASE("special tokens are hidden unless asked for and ids that do not exist are errors") {
  const Tokenizer t = tiny();
  const Id start = *t.find_added("<|im_start|>"), think = *t.find_added("<think>");
  CHECK(*t.bytes(start) == "");
  CHECK(*t.bytes(start, true) == "<|im_start|>");
  CHECK(*t.bytes(think) == "<think>");
  CHECK_FALSE(t.bytes(-1));
  CHECK_FALSE(t.bytes(static_cast<Id>(t.size())));
  CHECK_FALSE(t.bytes(INT32_MAX));
  for (const Id bad : {-1, static_cast<Id>(t.size()), INT32_MIN, INT32_MAX}) {
    const auto text = t.decode(std::vector<Id>{0, bad});
    REQUIRE_FALSE(text.ok());
    CHECK(text.error().reason == "bad_token_id");
  }
}

TEST_CASE("a stream of tokens is valid UTF-8 at every step") {
  const Tokenizer t = tiny();
  const std::string text = "a中😀\xF0\x9F x\xFF\xE4\xB8";
  const Ids ids = text_ids(t, text);
  StreamDecoder stream(t);
  std::string all;
  for (const Id id : ids) {
    const std::string part = stream.push(id);
    CHECK(valid_utf8(part));
    all += part;
  }
  all += stream.finish();
  CHECK(all == sanitise(text));
  CHECK(stream.push(-5).empty());
  CHECK(stream.finish().empty());
}

TEST_CASE("an unusable vocabulary is refused by name") {
  struct Row {
    const char* what;
    std::function<void(Vocab&)> spoil;
    const char* message;
  };
  const Row rows[] = {
      {"unknown token in a merge", [](Vocab& v) { v.merges.push_back("zz h"); }, "unknown token on its left"},
      {"merge longer than any token", [](Vocab& v) { v.merges.push_back("hello hello"); }, "not in the vocabulary"},
      {"merge of one token", [](Vocab& v) { v.merges.push_back("hello"); }, "not two tokens"},
      {"merge of three tokens", [](Vocab& v) { v.merges.push_back("h e l"); }, "not two tokens"},
      {"merge twice", [](Vocab& v) { v.merges.push_back("h e"); }, "twice"},
      {"gap", [](Vocab& v) { v.tokens[258].clear(); }, "no gaps"},
      {"repeated token", [](Vocab& v) { v.tokens[258] = "he"; }, "are both"},
      {"missing byte", [](Vocab& v) { v.tokens['x'] = "xyz"; }, "byte 120"},
      {"token of a megabyte", [](Vocab& v) { v.tokens.push_back(std::string(1 << 20, 'a')); }, "bytes"},
      {"added id 2^31", [](Vocab& v) { v.added[0].id = INT32_MIN; }, "has id"},
      {"added id beyond the limit", [](Vocab& v) { v.added[0].id = INT32_MAX; }, "has id"},
      {"added id twice", [](Vocab& v) { v.added[0].id = v.added[1].id; }, "share the id"},
      {"added text twice", [](Vocab& v) { v.added[0].text = v.added[1].text; }, "there twice"},
      {"empty added token", [](Vocab& v) { v.added[0].text.clear(); }, "is empty"},
      {"end token out of range", [](Vocab& v) { v.eos = 100000; }, "ends at"},
      {"control bytes in a name", [](Vocab& v) { v.merges.push_back("\x1b[31m h"); }, "\\x1b"},
      {"nothing at all", [](Vocab& v) { v = Vocab(); }, "byte"},
  };
  for (const Row& r : rows) {
    CAPTURE(std::string(r.what));
    Vocab v = tiny_vocab();
    r.spoil(v);
    const auto t = Tokenizer::make(std::move(v));
    REQUIRE_FALSE(t.ok());
    CHECK(t.error().exit == Exit::kModel);
    CHECK(t.error().message.find(r.message) != std::string::npos);
    CHECK(t.error().message.find('\x1b') == std::string::npos);
  }
}

TEST_CASE("ten megabytes of anything are encoded and come back, on a small stack") {
  for (const std::string unit : {"A", " ", "\n", "中", "\u0301", "👩‍👩‍👧‍👦", "hello", " hello", "\xFF",
                                 "<|im_start|>", "\xED\xA0\x80", "\xE4\xB8", "中é"}) {
    std::string text;
    while (text.size() < 10'000'000) text += unit;
    CAPTURE(unit);
    for (const Split split : {Split::kQwen2, Split::kSmolLm}) {
      Vocab v = tiny_vocab();
      v.split = split;
      const Tokenizer t = *Tokenizer::make(std::move(v));
      Ids ids;
      CHECK(on_small_stack([&] { t.encode_text(text, ids); }));
      const auto back = t.decode(ids);
      CHECK((back.ok() && *back == text));
    }
  }
}
