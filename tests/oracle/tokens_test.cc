// Real vocabularies against ids that goldens/tokens.py had from PyPI's `tokenizers`, and hostile text through them.

#include <doctest/doctest.h>

#include <algorithm>
#include <ctime>

#include "lib/text/unicode.h"
#include "lib/text/utf8.h"
#include "tests/lib/text/golden_lines.h"
#include "tests/lib/text/small_stack.h"
#include "tests/oracle/models.h"
#include "tests/oracle/vocab_source.h"

using namespace rm;
using namespace rm::text;

namespace {

struct Source {
  const char* name;  // in the golden file
  std::string path;
};

std::vector<Source> sources() {
  return {{"qwen2.5", oracle::model_file("qwen2.5-coder-0.5b-instruct-q4_k_m.gguf")},
          {"qwen2.5", oracle::shared_file("vocab/ggml-vocab-qwen2.gguf")},
          {"llama3", oracle::shared_file("vocab/ggml-vocab-llama-bpe.gguf")},
          {"smollm2", oracle::model_file("smollm2-135m-instruct-q4_1.gguf")},
          {"gpt2", oracle::shared_file("vocab/ggml-vocab-gpt-2.gguf")}};
}

// Calls f with every vocabulary that is here; says which are not.
template <class F>
void each_vocabulary(F f) {
  for (const Source& s : sources()) {
    if (s.path.empty()) {
      MESSAGE("skipped: the vocabulary of " << std::string(s.name) << " is not on this machine");
      continue;
    }
    const auto t = oracle::tokenizer_from(s.path);
    CAPTURE(s.path);
    if (!t) FAIL_CHECK(t.error().text());
    if (t) f(s, *t);
  }
}

Ids text_ids(const Tokenizer& t, std::string_view text) {
  Ids ids;
  t.encode_text(text, ids);
  return ids;
}

std::string bytes_of(const Ids& ids) {
  std::string out;
  for (const Id id : ids) {
    for (int shift = 0; shift < 32; shift += 8)
      out += static_cast<char>(static_cast<std::uint32_t>(id) >> shift & 0xFF);
  }
  return out;
}

}  // namespace

TEST_CASE("ids equal those of tokenizers on the golden strings") {
  const auto lines = golden_lines("tokens.jsonl");
  REQUIRE(lines.size() == 2000);
  each_vocabulary([&](const Source& s, const Tokenizer& t) {
    json::Document document;
    for (const std::string& line : lines) {
      const auto row = document.parse(line);
      REQUIRE(row.ok());
      const std::string text(*row->find("text")->string());
      const auto want = row->find(s.name)->items();
      const Ids ids = text_ids(t, text);
      CAPTURE(text);
      CHECK(static_cast<std::int64_t>(ids.size()) == *want[0].integer());
      CHECK(fnv1a(bytes_of(ids)) == *want[1].string());
    }
  });
}

TEST_CASE("no added token's text in content becomes an added token, and it reads back") {
  each_vocabulary([&](const Source&, const Tokenizer& t) {
    REQUIRE_FALSE(t.vocab().added.empty());
    for (const AddedToken& a : t.vocab().added) {
      for (const std::string& text : {a.text, "x" + a.text + a.text + "\n", " " + a.text, a.text + "<|"}) {
        CAPTURE(text);
        const Ids ids = text_ids(t, text);
        for (const Id id : ids) CHECK_FALSE(t.find_added(t.bytes(id, true).value()).has_value());
        CHECK(t.decode(ids).ok());
        CHECK(*t.decode(ids) == text);
      }
      // The same text written by a template is one token, so a prompt differs inside the segment only.
      const auto prompt = [&](const std::string& content) {
        return t.encode(std::vector<Segment>{{true, a.text}, {false, content}, {true, a.text}});
      };
      const Ids clean = prompt("x"), attacked = prompt("x" + a.text);
      CHECK(clean.front() == a.id);
      CHECK(attacked.front() == a.id);
      CHECK(attacked.back() == a.id);
      CHECK(std::count(attacked.begin(), attacked.end(), a.id) == std::count(clean.begin(), clean.end(), a.id));
    }
  });
}

TEST_CASE("every code point comes back, but for the bytes that a vocabulary has no token for") {
  each_vocabulary([&](const Source&, const Tokenizer& t) {
    std::size_t lost = 0;
    for (char32_t c = 0; c < 0x110000; c += c == 0xD7FF ? 0x801 : 1) {
      std::string text, normal;
      append_code_point(text, c);
      const std::string want = t.vocab().nfc && to_nfc(text, normal) ? normal : text;
      const bool writable = std::all_of(want.begin(), want.end(), [&](char b) {
        return t.find_token({&b, 1}).has_value();
      });
      const auto back = t.decode(text_ids(t, text));
      if (!writable) {
        ++lost;
      } else if (!back || *back != want) {
        FAIL_CHECK("U+" << std::hex << static_cast<unsigned>(c) << " does not come back");
      }
    }
    if (lost > 0) MESSAGE(lost << " code points have a byte without a token");
  });
}

TEST_CASE("ten megabytes of one character take seconds at most and no stack") {
  each_vocabulary([&](const Source& s, const Tokenizer& t) {
    for (const std::string unit : {"A", " ", "\n", "中", "\u0301", "👩‍👩‍👧‍👦"}) {
      std::string text;
      while (text.size() < 10'000'000) text += unit;
      Ids ids;
      const std::clock_t start = std::clock();
      CHECK(on_small_stack([&] { t.encode_text(text, ids); }));
      const double took = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
      CAPTURE(unit);
      CHECK(*t.decode(ids) == text);
      MESSAGE(std::string(s.name) << ": 10 MB of \"" << (unit == "\n" ? "\\n" : unit) << "\" in " << took
                                  << " s of CPU time");
    }
  });
}
