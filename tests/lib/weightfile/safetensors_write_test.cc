// The streaming writer against files of the safetensors library (goldens/safetensors_write.py), our reader, and disks
// that are full.
#include "lib/weightfile/safetensors_write.h"

#include <doctest/doctest.h>
#include <fcntl.h>

#include <bit>
#include <cmath>
#include <limits>

#include "lib/weightfile/safetensors.h"
#include "tests/lib/weightfile/write_helpers.h"

namespace rm::weightfile {
namespace {

using namespace testing;

// The values of goldens/safetensors_write.py.
constexpr std::uint32_t kPatterns[] = {0x00000000, 0x80000000, 0x3F800000, 0x3F808000, 0x3F818000, 0x3F808001,
                                       0x3F807FFF, 0xBF808000, 0xBF818000, 0x00000001, 0x00008000, 0x00018000,
                                       0x80008001, 0x007FFFFF, 0x7F7FFFFF, 0xFF7FFFFF, 0x7F7F7FFF, 0x7F7F8000,
                                       0x7F800000, 0xFF800000, 0x42F6E979, 0xC2F6E979};
std::vector<TensorPlan> golden_plan(DType t) {  // by name
  return {{"count.1", t, {1}},
          {"count.2x2x3", t, {2, 2, 3}},
          {"count.300", t, {300}},
          {"count.5x3", t, {5, 3}},
          {"pattern.22", t, {22}}};
}
float golden_value(const TensorPlan& t, std::uint64_t i) {
  if (t.name.starts_with("pattern")) return std::bit_cast<float>(kPatterns[i]);
  return static_cast<float>(i) * 0.34375f - 3;
}

TEST_CASE("what the safetensors library writes, byte for byte, and its hash") {
  const TempFolder f;
  for (const DType dtype : {DType::kF32, DType::kBF16}) {
    CAPTURE(name(dtype));
    const std::vector<TensorPlan> plan = golden_plan(dtype);
    const auto written = write_safetensors(f.at("a"), plan, [&](std::size_t t, std::uint64_t first, auto to) {
      for (std::size_t i = 0; i < to.size(); ++i) to[i] = golden_value(plan[t], first + i);
      return Result<void>();
    });
    if (!written) FAIL(written.error().text());
    const std::string got = slurp(f.at("a"));
    const std::string want = slurp(std::string(RM_SOURCE_DIR) + "/tests/golden/weightfile/saved-" +
                                   (dtype == DType::kF32 ? "f32" : "bf16") + ".safetensors");
    REQUIRE(!want.empty());
    CHECK((got == want));
    CHECK(written->bytes == got.size());
    CHECK(written->hash == hash128(got));
  }
}

TEST_CASE("NaN stays NaN in bf16") {
  const TempFolder f;
  const std::vector<TensorPlan> plan = {{"t", DType::kBF16, {3}}};
  auto w = SafetensorsWriter::create(f.at("a"), plan);
  REQUIRE(w.ok());
  const float values[] = {std::numeric_limits<float>::quiet_NaN(), std::bit_cast<float>(0x7F800001u),
                          std::bit_cast<float>(0xFFFFFFFFu)};
  CHECK(w->append(values).ok());
  CHECK(w->finish().ok());
  const std::string all = slurp(f.at("a"));
  float back[3];
  dequantise(DType::kBF16, std::as_bytes(std::span(all)).last(6), back);
  for (const float v : back) CHECK(std::isnan(v));
}

TEST_CASE("pieces of any size make the same file, which our reader reads") {
  const TempFolder f;
  const std::vector<TensorPlan> plan = {
      {"b", DType::kBF16, {600'000}}, {"a", DType::kF32, {7, 3}}, {"c", DType::kF16, {2}}};
  std::vector<float> big(600'000), small(21);
  for (std::size_t i = 0; i < big.size(); ++i) big[i] = static_cast<float>(i) * 0.5f;
  for (std::size_t i = 0; i < small.size(); ++i) small[i] = static_cast<float>(i);
  const std::byte halves[4] = {std::byte{0}, std::byte{0x3C}, std::byte{0}, std::byte{0xC0}};
  std::string first;
  for (const std::size_t cut : {std::size_t{1} << 20, std::size_t{300'001}, std::size_t{1000}}) {
    CAPTURE(cut);
    auto w = SafetensorsWriter::create(f.at("a"), plan);
    REQUIRE(w.ok());
    for (std::size_t at = 0; at < big.size(); at += cut)
      CHECK(w->append(std::span(big).subspan(at, std::min(cut, big.size() - at))).ok());
    CHECK(w->append(std::span(small).first(5)).ok());
    CHECK(w->append({}).ok());
    CHECK(w->append_bytes(std::as_bytes(std::span(small).subspan(5))).ok());
    CHECK(w->append_bytes(halves).ok());
    const auto done = w->finish();
    REQUIRE(done.ok());
    const std::string all = slurp(f.at("a"));
    CHECK(done->hash == hash128(all));
    if (first.empty()) first = all;
    CHECK((all == first));
  }
  const fd::Fd file(::open(f.at("a").c_str(), O_RDONLY));
  const auto tensors = read_safetensors(file.number(), f.at("a"), 0);
  if (!tensors) FAIL(tensors.error().text());
  REQUIRE(tensors->size() == 3);
  CHECK((*tensors)[0].name == "b");
  CHECK((*tensors)[0].offset % 8 == 0);
  CHECK((*tensors)[1].shape == Shape{7, 3});
  CHECK((*tensors)[2].dtype == DType::kF16);
}

TEST_CASE("a plan that no file can hold is our own mistake, and so is data that does not fit it") {
  const TempFolder f;
  using Plan = std::vector<TensorPlan>;
  for (const Plan& p : {Plan{{"a", DType::kF32, {0}}}, Plan{{"", DType::kF32, {1}}}, Plan{{"a", DType::kQ8_0, {32}}},
                        Plan{{"a", DType::kF32, {1}}, {"a", DType::kF32, {1}}},
                        Plan{{"a", DType::kF32, {std::uint64_t{1} << 32, std::uint64_t{1} << 32}}}}) {
    const auto w = SafetensorsWriter::create(f.at("a"), p);
    REQUIRE(!w.ok());
    CHECK(w.error().exit == Exit::kBug);
  }
  const Plan plan = {{"a", DType::kF32, {2}}, {"h", DType::kF16, {1}}};
  const float three[3] = {};
  {
    auto w = SafetensorsWriter::create(f.at("a"), plan);
    REQUIRE(w.ok());
    CHECK(w->append(three).error().text().find("more data than tensor a has") != std::string::npos);
  }
  {
    auto w = SafetensorsWriter::create(f.at("a"), plan);
    REQUIRE(w.ok());
    CHECK(w->append(std::span(three).first(2)).ok());
    CHECK(w->append(std::span(three).first(1)).error().exit == Exit::kBug);  // floats into F16
    CHECK(w->finish().error().text().find("tensor h lacks 2 bytes") != std::string::npos);
  }
  CHECK(files_in(f.path()).empty());
}

TEST_CASE("where the disk ends there is an error and no file") {
  const TempFolder f;
  const std::vector<TensorPlan> plan = {{"t", DType::kF32, {100'000}}};
  const auto zeros = [](std::size_t, std::uint64_t, std::span<float> to) {
    std::fill(to.begin(), to.end(), 0.0f);
    return Result<void>();
  };
  CHECK(with_file_limit(50'000, [&] {
          const auto r = write_safetensors(f.at("a"), plan, zeros);
          return r ? 0 : static_cast<int>(r.error().exit);
        }) == static_cast<int>(Exit::kIo));
  CHECK(files_in(f.path()).empty());
  const auto nowhere = write_safetensors(f.at("no/such/a"), plan, zeros);
  REQUIRE(!nowhere.ok());
  CHECK(nowhere.error().exit == Exit::kIo);
  CHECK(nowhere.error().text().find("no/such/a") != std::string::npos);
  std::filesystem::create_directory(f.at("folder"));
  const auto folder = write_safetensors(f.at("folder"), plan, zeros);
  REQUIRE(!folder.ok());
  CHECK(folder.error().exit == Exit::kIo);
  CHECK(files_in(f.path()).size() == 1);
}

TEST_CASE("an error of the reader ends the file, and the one of before stays") {
  const TempFolder f;
  f.write("a", "old");
  const std::vector<TensorPlan> plan = {{"t", DType::kF32, {1u << 20}}};
  const auto r = write_safetensors(f.at("a"), plan, [](std::size_t, std::uint64_t first, std::span<float>) {
    return first == 0 ? Result<void>() : make_error(Exit::kModel, "truncated", "ends early", "base");
  });
  REQUIRE(!r.ok());
  CHECK(r.error().text() == "base: ends early");
  CHECK(slurp(f.at("a")) == "old");
  CHECK(files_in(f.path()).size() == 1);
}

}  // namespace
}  // namespace rm::weightfile
