#include "lib/weightfile/safetensors.h"

#include <doctest/doctest.h>

#include "lib/base/fd.h"
#include "tests/lib/weightfile/model_builder.h"

namespace rm::weightfile {
namespace {

using testing::le;

// Parses header and data of the given lengths as a file.
Result<std::vector<TensorInfo>> parse(std::string_view header, std::uint64_t data) {
  return parse_safetensors(header, 8 + header.size() + data, "m.safetensors", 0);
}

std::string one(std::string_view body) { return "{\"x\":{" + std::string(body) + "}}"; }

TEST_CASE("a right file yields its tensors in order with offsets in the file") {
  const std::string header =
      R"({"__metadata__":{"format":"pt"},"b":{"dtype":"F32","shape":[2,3],"data_offsets":[4,28]},)"
      R"("a":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]},"c":{"dtype":"F16","shape":[],"data_offsets":[28,30]}}  )";
  const auto t = parse(header, 30);
  REQUIRE(t.ok());
  REQUIRE(t->size() == 3);
  CHECK((*t)[0].name == "a");
  CHECK((*t)[1].name == "b");
  CHECK((*t)[1].shape == std::vector<std::uint64_t>{2, 3});
  CHECK((*t)[1].offset == 8 + header.size() + 4);
  CHECK((*t)[1].bytes == 24);
  CHECK((*t)[1].dtype == DType::kF32);
}

TEST_CASE("hostile headers are refused, naming what is wrong") {
  struct Row {
    const char* what;
    std::string header;
    std::uint64_t data;
    const char* says;
  };
  const std::string good = R"("dtype":"BF16","shape":[2],"data_offsets":[0,4])";
  for (const Row& r : {
           Row{"no object", "[1]", 4, "'{'"},
           Row{"padded in front", " " + one(good), 4, "'{'"},
           Row{"not UTF-8", "{\"\xff\":{" + good + "}}", 4, "UTF-8"},
           Row{"text behind", one(good) + "x", 4, ""},
           Row{"repeated name", "{\"x\":{" + good + "},\"x\":{" + good + "}}", 4, "x"},
           Row{"empty name", "{\"\":{" + good + "}}", 4, "name"},
           Row{"swapped offsets", one(R"("dtype":"BF16","shape":[2],"data_offsets":[4,0])"), 4,
               "tensor x: data_offsets end before"},
           Row{"negative offset", one(R"("dtype":"BF16","shape":[2],"data_offsets":[-4,0])"), 4, "data_offsets"},
           Row{"fractional offset", one(R"("dtype":"BF16","shape":[2],"data_offsets":[0.0,4])"), 4, "data_offsets"},
           Row{"three offsets", one(R"("dtype":"BF16","shape":[2],"data_offsets":[0,4,8])"), 4, "data_offsets"},
           Row{"too long for the shape", one(R"("dtype":"BF16","shape":[2],"data_offsets":[0,6])"), 6, "needs 4"},
           Row{"past the end", one(R"("dtype":"BF16","shape":[4],"data_offsets":[0,8])"), 4, "download"},
           Row{"short of the end", one(good), 6, "the tensors end at"},
           Row{"hole in front", one(R"("dtype":"BF16","shape":[2],"data_offsets":[2,6])"), 6, "hole"},
           Row{"overlap", R"({"x":{)" + good + R"(},"y":{"dtype":"BF16","shape":[2],"data_offsets":[2,6]}})", 6,
               "overlaps"},
           Row{"product wraps to 0", one(R"("dtype":"BF16","shape":[4294967296,4294967296],"data_offsets":[0,0])"), 0,
               "too large"},
           Row{"product wraps to the right size",
               one(R"("dtype":"BF16","shape":[9223372036854775809,2],"data_offsets":[0,4])"), 4, "too large"},
           Row{"bytes wrap", one(R"("dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,0])"), 0,
               "too large"},
           Row{"a dimension of 0", one(R"("dtype":"BF16","shape":[0,4],"data_offsets":[0,0])"), 0, "no elements"},
           Row{"0 hides an overflow", one(R"("dtype":"BF16","shape":[0,4294967296,4294967296],"data_offsets":[0,0])"),
               0, "too large"},
           Row{"nine dimensions", one(R"("dtype":"BF16","shape":[1,1,1,1,1,1,1,1,2],"data_offsets":[0,4])"), 4,
               "shape"},
           Row{"unknown dtype", one(R"("dtype":"F8_E4M3","shape":[4],"data_offsets":[0,4])"), 4, "F8_E4M3"},
           Row{"dtype of another type", one(R"("dtype":7,"shape":[2],"data_offsets":[0,4])"), 4, "dtype"},
           Row{"no dtype", one(R"("shape":[2],"data_offsets":[0,4])"), 4, "dtype"},
           Row{"no shape", one(R"("dtype":"BF16","data_offsets":[0,4])"), 4, "shape"},
           Row{"no offsets", one(R"("dtype":"BF16","shape":[2])"), 4, "data_offsets"},
           Row{"one member more", one(good + R"(,"strides":[1])"), 4, "members"},
           Row{"a number for a tensor", R"({"x":5})", 0, "expected an object"},
           Row{"metadata of numbers", R"({"__metadata__":{"a":1}})", 0, "__metadata__"},
           Row{"offset 2^64", one(R"("dtype":"BF16","shape":[2],"data_offsets":[0,18446744073709551616])"), 4, ""},
       }) {
    CAPTURE(std::string(r.what));
    const auto t = parse(r.header, r.data);
    REQUIRE(!t.ok());
    CHECK(t.error().exit == Exit::kModel);
    CAPTURE(t.error().text());
    CHECK(t.error().text().find(r.says) != std::string::npos);
  }
}

TEST_CASE("64 dimensions and a million tensors are refused without trying") {
  std::string shape = "1";
  for (int i = 0; i < 63; ++i) shape += ",1";
  CHECK(!parse(one("\"dtype\":\"BF16\",\"shape\":[" + shape + "],\"data_offsets\":[0,2]"), 2).ok());
  std::string many = "{";
  for (int i = 0; i < 200'000; ++i) many += (i ? ",\"" : "\"") + std::to_string(i) + "\":0";
  const auto t = parse(many + "}", 0);
  REQUIRE(!t.ok());
  CHECK(t.error().text().find("200,000 tensors") != std::string::npos);
}

TEST_CASE("a header's length is believed only as far as the file goes") {
  const testing::TempFolder f;
  const std::string header = R"({"x":{"dtype":"BF16","shape":[2],"data_offsets":[0,4]}})";
  struct Row {
    const char* what;
    std::string bytes;
    bool ok;
  };
  for (const Row& r : {
           Row{"right", le<std::uint64_t>(header.size()) + header + "1234", true},
           Row{"empty file", "", false},
           Row{"7 bytes", "1234567", false},
           Row{"length 0", le<std::uint64_t>(0) + header, false},
           Row{"length 1", le<std::uint64_t>(1) + "{", false},
           Row{"length 2^63", le<std::uint64_t>(1ull << 63) + header + "1234", false},
           Row{"length 2^64 - 1", le<std::uint64_t>(~0ull) + header + "1234", false},
           Row{"length 2^64 - 8", le<std::uint64_t>(~0ull - 7) + header + "1234", false},
           Row{"over 100 MB", le<std::uint64_t>((100u << 20) + 1) + header + "1234", false},
           Row{"one more than the file", le<std::uint64_t>(header.size() + 5) + header + "1234", false},
           Row{"data cut", le<std::uint64_t>(header.size()) + header + "123", false},
           Row{"data too long", le<std::uint64_t>(header.size()) + header + "12345", false},
       }) {
    CAPTURE(std::string(r.what));
    const std::string path = f.write("m.safetensors", r.bytes);
    const auto fd = fd::open_read(path);
    REQUIRE(fd.ok());
    const auto t = read_safetensors(fd->number(), path, 0);
    CHECK(t.ok() == r.ok);
    if (!t) CHECK(t.error().exit == Exit::kModel);
  }
}

}  // namespace
}  // namespace rm::weightfile
