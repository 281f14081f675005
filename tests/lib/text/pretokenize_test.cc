#include "lib/text/pretokenize.h"

#include <doctest/doctest.h>

#include "tests/lib/text/golden_lines.h"
#include "tests/lib/text/small_stack.h"

using namespace rm;
using namespace rm::text;

namespace {

std::vector<std::string> cut(Split split, std::string_view text) {
  std::vector<std::string> out;
  Pieces pieces(split, text);
  for (std::string_view p = pieces.next(); !p.empty(); p = pieces.next()) out.emplace_back(p);
  return out;
}

using List = std::vector<std::string>;

}  // namespace

TEST_CASE("each family splits as its published pattern says") {
  struct Row {
    const char* text;
    List gpt2, smollm, qwen2, llama3;
  };
  for (const Row& r : {
           Row{"I'll go", {"I", "'ll", " go"}, {"I", "'ll", " go"}, {"I", "'ll", " go"}, {"I", "'ll", " go"}},
           Row{"I'LL", {"I", "'", "LL"}, {"I", "'", "LL"}, {"I", "'LL"}, {"I", "'LL"}},
           Row{"x 12345",
               {"x", " 12345"},
               {"x", " ", "1", "2", "3", "4", "5"},
               {"x", " ", "1", "2", "3", "4", "5"},
               {"x", " ", "123", "45"}},
           Row{"a  b", {"a", " ", " b"}, {"a", " ", " b"}, {"a", " ", " b"}, {"a", " ", " b"}},
           Row{"a \n\n b", {"a", " \n\n", " b"}, {"a", " \n\n", " b"}, {"a", " \n\n", " b"}, {"a", " \n\n", " b"}},
           Row{"!\n\nx", {"!", "\n", "\n", "x"}, {"!", "\n", "\n", "x"}, {"!\n\n", "x"}, {"!\n\n", "x"}},
           Row{"\tx(y)",
               {"\t", "x", "(", "y", ")"},
               {"\t", "x", "(", "y", ")"},
               {"\tx", "(y", ")"},
               {"\tx", "(y", ")"}},
           Row{"  7", {" ", " 7"}, {"  ", "7"}, {" ", " ", "7"}, {" ", " ", "7"}},
       }) {
    CAPTURE(std::string(r.text));
    CHECK(cut(Split::kGpt2, r.text) == r.gpt2);
    CHECK(cut(Split::kSmolLm, r.text) == r.smollm);
    CHECK(cut(Split::kQwen2, r.text) == r.qwen2);
    CHECK(cut(Split::kLlama3, r.text) == r.llama3);
  }
}

TEST_CASE("pieces and NFC equal those of tokenizers on the golden strings") {
  const auto lines = golden_lines("pieces.jsonl");
  REQUIRE(lines.size() >= 300);
  json::Document document;
  for (const std::string& line : lines) {
    const auto row = document.parse(line);
    REQUIRE(row.ok());
    const std::string text(*row->find("text")->string());
    CAPTURE(text);
    for (const auto& [name, split] : {std::pair{"gpt2", Split::kGpt2}, std::pair{"smollm", Split::kSmolLm},
                                      std::pair{"qwen2", Split::kQwen2}, std::pair{"llama3", Split::kLlama3}}) {
      List want;
      for (const json::Value& p : row->find(name)->items()) want.emplace_back(*p.string());
      CHECK(cut(split, text) == want);
    }
    std::string normal;
    CHECK((to_nfc(text, normal) ? normal : text) == *row->find("nfc")->string());
  }
}

TEST_CASE("bytes that are not UTF-8 stay where they are and are never lost") {
  const std::string text = "a\xFF\xFE b\xC3 \xE4\xB8\n\x80\x80 e\xCC\x81 \xCC";
  for (const Split split : {Split::kGpt2, Split::kSmolLm, Split::kQwen2, Split::kLlama3}) {
    std::string joined;
    for (const std::string& p : cut(split, text)) joined += p;
    CHECK(joined == text);
  }
  std::string normal;
  REQUIRE(to_nfc(text, normal));
  CHECK(normal == "a\xFF\xFE b\xC3 \xE4\xB8\n\x80\x80 \u00E9 \xCC");
}

TEST_CASE("ten million hostile characters are cut and normalised in one pass on a small stack") {
  for (const std::string unit : {"A", " ", "\n", " \n", "中", "\u0301", "\u1161", "\u0323\u0301", "'", "0", "\xFF"}) {
    std::string text;
    while (text.size() < 10'000'000) text += unit;
    std::size_t total = 0;
    std::string normal;
    CHECK(on_small_stack([&] {
      for (const Split split : {Split::kGpt2, Split::kSmolLm, Split::kQwen2, Split::kLlama3}) {
        Pieces pieces(split, text);
        for (std::string_view p = pieces.next(); !p.empty(); p = pieces.next()) total += p.size();
      }
      to_nfc(text, normal);
    }));
    CHECK(total == 4 * text.size());
  }
}
