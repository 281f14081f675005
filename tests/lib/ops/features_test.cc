// Which kernels are chosen on which processor. The processors are made up from what their makers' manuals say they have.
#include <string>
#include <vector>

#include "lib/ops/cpu/choice.h"
#include "lib/ops/cpu/features.h"

#undef CHECK  // c10's; doctest's is meant
#include <doctest/doctest.h>

using namespace rm::ops::cpu;

namespace {

CpuFeatures haswell() {
  CpuFeatures f;
  f.avx2 = f.fma = f.f16c = f.bmi2 = true;
  return f;
}
CpuFeatures skylake_x() {
  CpuFeatures f = haswell();
  f.avx512f = f.avx512bw = f.avx512dq = f.avx512vl = true;
  return f;
}
CpuFeatures ice_lake() {
  CpuFeatures f = skylake_x();
  f.avx512vnni = true;
  return f;
}
CpuFeatures zen4() {
  CpuFeatures f = ice_lake();
  f.avx512bf16 = true;
  return f;
}
CpuFeatures sapphire_rapids() {
  CpuFeatures f = zen4();
  f.amx_tile = f.amx_bf16 = f.amx_int8 = f.tile_data = true;
  return f;
}

template <class F>
CpuFeatures changed(CpuFeatures f, F change) {
  change(f);
  return f;
}

// The same processors in CPUID's words, with a system that saves all registers.
constexpr std::uint32_t kLeaf1 = 1u << 12 | 1u << 27 | 1u << 28 | 1u << 29, kLeaf7Avx2 = 1u << 5 | 1u << 8,
                        kLeaf7Avx512 = kLeaf7Avx2 | 1u << 16 | 1u << 17 | 1u << 30 | 1u << 31, kLeaf7Vnni = 1u << 11,
                        kLeaf7Amx = 1u << 22 | 1u << 24 | 1u << 25, kLeaf71Bf16 = 1u << 5;
constexpr CpuWords kSapphireRapids = {kLeaf1, kLeaf7Avx512, kLeaf7Vnni, kLeaf7Amx, kLeaf71Bf16, 0x602e7};

}  // namespace

TEST_CASE("each processor gets the best kernels that it can run") {
  struct Row {
    const char* processor;
    CpuFeatures features;
    const char* best;
    std::size_t usable;
  };
  for (const Row& r :
       {Row{"none of them", {}, "scalar", 1}, Row{"Haswell", haswell(), "avx2", 2},
        Row{"AVX2 without FMA", changed(haswell(), [](CpuFeatures& f) { f.fma = false; }), "scalar", 1},
        Row{"AVX2 without BMI2", changed(haswell(), [](CpuFeatures& f) { f.bmi2 = false; }), "scalar", 1},
        Row{"Knights Landing: AVX512 F alone", changed(haswell(), [](CpuFeatures& f) { f.avx512f = true; }), "avx2", 2},
        Row{"Skylake-X", skylake_x(), "avx512", 3}, Row{"Ice Lake", ice_lake(), "avx512-vnni", 4},
        Row{"bf16 without VNNI", changed(skylake_x(), [](CpuFeatures& f) { f.avx512bf16 = true; }), "avx512", 3},
        Row{"Zen 4", zen4(), "avx512-bf16", 5}, Row{"Sapphire Rapids", sapphire_rapids(), "amx", 6},
        Row{"Sapphire Rapids, tiles refused by the system",
            changed(sapphire_rapids(), [](CpuFeatures& f) { f.tile_data = false; }), "avx512-bf16", 5},
        Row{"AMX for bytes alone", changed(sapphire_rapids(), [](CpuFeatures& f) { f.amx_bf16 = false; }),
            "avx512-bf16", 5}}) {
    CAPTURE(std::string(r.processor));
    const auto tables = usable_tables(r.features);
    CHECK(std::string(tables.front()->name) == r.best);
    CHECK(tables.size() == r.usable);
    CHECK(tables.back() == &kScalar);
    CHECK(*choose_table(r.features, nullptr) == tables.front());
    CHECK(*choose_table(r.features, "") == tables.front());
  }
}

TEST_CASE("a feature counts only where the system saves its registers") {
  CHECK(decode({}) == CpuFeatures{});
  CHECK(decode(kSapphireRapids) == changed(sapphire_rapids(), [](CpuFeatures& f) { f.tile_data = false; }));
  struct Row {
    const char* system;
    std::uint64_t xcr0;
    CpuFeatures features;
  };
  for (const Row& r : {Row{"no tiles", 0xe7, zen4()}, Row{"no AVX512 state", 0x7, haswell()},
                       Row{"part of the AVX512 state", 0x67, haswell()},
                       Row{"SSE alone", 0x3, changed({}, [](CpuFeatures& f) { f.bmi2 = true; })},
                       Row{"nothing", 0, changed({}, [](CpuFeatures& f) { f.bmi2 = true; })}}) {
    CAPTURE(std::string(r.system));
    CpuWords words = kSapphireRapids;
    words.xcr0 = r.xcr0;
    CHECK(decode(words) == r.features);
  }
}

TEST_CASE("RM_ISA names usable kernels, and an error lists them") {
  for (const char* name : {"avx512-bf16", "avx512-vnni", "avx512", "avx2", "scalar"})
    CHECK(std::string((*choose_table(zen4(), name))->name) == name);
  for (const char* name : {"amx", "neon", "AVX2", " "}) {
    CAPTURE(std::string(name));
    const auto r = choose_table(zen4(), name);
    REQUIRE(!r);
    CHECK(r.error().exit == rm::Exit::kUsage);
    CHECK(r.error().reason == "bad_isa");
    CHECK(r.error().message == "RM_ISA is \"" + std::string(name) +
                                   "\", which this machine cannot run; expected avx512-bf16, avx512-vnni, avx512, avx2 "
                                   "or scalar, or leave it unset for the first");
  }
  CHECK(choose_table({}, "avx2").error().message ==
        "RM_ISA is \"avx2\", which this machine cannot run; expected scalar, or leave it unset for the first");
}

TEST_CASE("this machine's features are read once and make sense") {
  const CpuFeatures& f = this_machine();
  CHECK(&f == &this_machine());
  if (f.avx512f) CHECK(f.avx2);
  if (f.amx_bf16 || f.tile_data) CHECK(f.amx_tile);
#if defined(__x86_64__)
  CHECK(f.avx2 == (__builtin_cpu_supports("avx2") != 0));
  CHECK(f.avx512f == (__builtin_cpu_supports("avx512f") != 0));
  CHECK(f.avx512bf16 == (__builtin_cpu_supports("avx512bf16") != 0));
  CHECK(f.avx512vnni == (__builtin_cpu_supports("avx512vnni") != 0));
  CHECK(f.bmi2 == (__builtin_cpu_supports("bmi2") != 0));
#endif
}
