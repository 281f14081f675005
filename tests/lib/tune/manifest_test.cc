#include "lib/tune/manifest.h"

#include <doctest/doctest.h>

#include "tests/fault/content.h"

using namespace rm;
using namespace rm::tune;

namespace {

constexpr const char* kHash = "0123456789abcdef0123456789abcdef";

// A manifest as another program would write it, without its checksum.
std::string body() {
  return std::string(
             R"({"format":1,"step":3,"epoch":0,"position":9,"seed":18446744073709551615,"rng":0,"threads":2,)") +
         R"("isa":"avx2","dtype":"bf16","device":"cpu","settings":"s","data":"d","base":"b","notes":"{}",)" +
         R"("files":[{"name":"weights-00001.safetensors","bytes":10,"xxh3":")" + kHash + R"("},)" +
         R"({"name":"weights-00002.safetensors","bytes":20,"xxh3":")" + kHash + R"("}],"tensors":[)" +
         R"({"name":"w","slot":"weight","shape":[4,2],"begin":2,"end":4,"file":"weights-00002.safetensors","key":"w2"},)" +
         R"({"name":"w","slot":"weight","shape":[4,2],"begin":0,"end":2,"file":"weights-00001.safetensors","key":"w"}])";
}

std::string with(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != text.npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a manifest is read with its slices in order of rows") {
  const auto m = parse_manifest(sealed(body()), "m");
  REQUIRE(m);
  CHECK(m->facts.step == 3);
  CHECK(m->facts.position == 9);
  CHECK(m->facts.seed == 18446744073709551615u);
  CHECK(m->facts.isa == "avx2");
  REQUIRE(m->files.size() == 2);
  CHECK(m->files[1].bytes == 20);
  REQUIRE(m->tensors.size() == 1);
  REQUIRE(m->tensors[0].slices.size() == 2);
  CHECK(m->tensors[0].slices[0].key == "w");
  CHECK(m->tensors[0].slices[0].file == 0);
  CHECK(m->tensors[0].slices[1].begin == 2);
}

TEST_CASE("hostile manifests are refused and say why") {
  struct Row {
    const char *from, *to, *says;
  };
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  for (const Row& r : {
           Row{R"("format":1)", R"("format":2)", "format 2"},
           Row{R"("format":1)", R"("format":1.0)", "\"format\" is"},
           Row{R"("step":3)", R"("step":-1)", "\"step\" is -1"},
           Row{R"("step":3)", R"("step":18446744073709551615)", "below 2^63"},
           Row{R"("step":3)", R"("step":1e400)", ""},
           Row{R"("step":3)", R"("step":99999999999999999999999)", ""},
           Row{R"("step":3,)", "", "\"step\" is missing"},
           Row{R"("step":3,)", R"("step":3,"step":3,)", "step"},
           Row{R"("notes":"{}")", R"("notes":"[]")", "notes"},
           Row{R"("notes":"{}")", R"("notes":"{")", "notes"},
           Row{R"("notes":"{}")", R"("notes":{})", "notes"},
           Row{R"("isa":"avx2")", R"("isa":null)", "\"isa\" is null"},
           Row{R"("isa":"avx2")", "\"isa\":\"\xff\"", ""},
           Row{R"("files":[)", R"("files":{},"other":[)", "\"files\" is"},
           Row{R"("bytes":10)", R"("bytes":-10)", "files[0].bytes"},
           Row{R"("bytes":10)", R"("bytes":18446744073709551615)", "larger than any disk"},
           Row{"0123456789abcdef0123456789abcdef", "0123456789ABCDEF0123456789abcdef", "no checksum"},
           Row{"0123456789abcdef0123456789abcdef", "0123", "no checksum"},
           Row{R"({"name":"weights-00001.safetensors",)", R"({"name":"../weights-00001.safetensors",)", "not among"},
           Row{R"({"name":"weights-00001.safetensors","bytes")", R"({"name":"a/b","bytes")", ""},
           Row{R"({"name":"weights-00002.safetensors","bytes")", R"({"name":"weights-00001.safetensors","bytes")", ""},
           Row{R"("shape":[4,2],"begin":2)", R"("shape":[5,2],"begin":2)", "shape [5, 2] in one place and [4, 2]"},
           Row{R"("shape":[4,2],"begin":2)", R"("shape":[4,-2],"begin":2)", "shape"},
           Row{R"("shape":[4,2],"begin":2)", R"("shape":[1,1,1,1,1,1,1,1,1],"begin":2)", "at most 8"},
           Row{R"("shape":[4,2],"begin":2)", R"("shape":4,"begin":2)", "shape"},
           Row{R"("begin":2,"end":4)", R"("begin":3,"end":4)", "lacks the rows 2 to 3"},
           Row{R"("begin":2,"end":4)", R"("begin":1,"end":4)", "although those before end at 2"},
           Row{R"("begin":2,"end":4)", R"("begin":2,"end":3)", "lacks the rows from 3 on"},
           Row{R"("begin":2,"end":4)", R"("begin":2,"end":5)", "rows 2 to 5"},
           Row{R"("begin":2,"end":4)", R"("begin":4,"end":2)", "rows 4 to 2"},
           Row{R"("begin":2,"end":4)", R"("begin":2,"end":18446744073709551615)", "rows 2 to"},
           Row{R"("file":"weights-00002.safetensors","key":"w2")", R"("file":"other","key":"w2")", "not among"},
           Row{R"("file":"weights-00002.safetensors","key":"w2")", R"("file":"weights-00001.safetensors","key":"w")",
               "which another has too"},
           Row{R"("key":"w2")", R"("key":"")", "key"},
           Row{R"("name":"w","slot":"weight","shape":[4,2],"begin":2)",
               R"("name":"v","slot":"weight","shape":[4,2],"begin":2)", "lacks the rows"},
           Row{R"("tensors":[)", R"("tensors":[7,)", "tensors[0]"},
           Row{R"("tensors":[)", R"("tensors":[[]],"more":[)", "tensors[0]"},
           Row{R"({"format")", R"([{"format")", ""},
       }) {
    CAPTURE(r.to);
    const auto m = parse_manifest(sealed(with(body(), r.from, r.to)), "there/manifest.json");
    REQUIRE(!m);
    CAPTURE(m.error().text());
    CHECK(m.error().exit == Exit::kModel);
    CHECK(m.error().where == "there/manifest.json");
    CHECK(m.error().message.find(r.says) != std::string::npos);
  }
  for (const char* name : {"..", ".hidden", "a/b", "", "manifest.json", "a\\u0000b", "\\u202e"}) {
    CAPTURE(name);
    std::string text = body();
    for (const char* where : {"{\"name\":\"", "\"file\":\""})
      text = with(text, std::string(where) + "weights-00001.safetensors", where + std::string(name));
    const auto m = parse_manifest(sealed(text), "m");
    REQUIRE(!m);
    CHECK(m.error().message.find("file name") == 0);
  }
  CHECK(!parse_manifest(sealed(with(body(), R"("notes":"{}")", R"("notes":)" + deep)), "m"));
}

TEST_CASE("shapes that no file can hold are refused") {
  for (const char* shape :
       {"[0,2]", "[4294967296,4294967296]", "[18446744073709551615]", "[4,0]", "[4,4611686018427387904]"}) {
    CAPTURE(shape);
    std::string text = body();
    for (int i = 0; i < 2; ++i) text = with(text, "[4,2]", shape);
    CHECK(!parse_manifest(sealed(text), "m"));
  }
}

TEST_CASE("texts that are cut or changed are refused, whatever the byte") {
  const std::string text = sealed(body());
  CHECK(!parse_manifest("", "m"));
  CHECK(!parse_manifest(body(), "m"));
  CHECK(!parse_manifest(body() + "}\n", "m"));
  CHECK(!parse_manifest(text + "\n", "m"));
  CHECK(!parse_manifest(sealed(""), "m"));
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    for (int bit = 0; bit < 8; ++bit) {
      changed[i] = static_cast<char>(text[i] ^ (1 << bit));
      if (parse_manifest(changed, "m")) FAIL("byte ", i, ", bit ", bit, " was not noticed");
    }
    if (parse_manifest(text.substr(0, i), "m")) FAIL("cut at byte ", i, " was not noticed");
  }
}
