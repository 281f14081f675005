// What the processor can do and the system lets this process use: plain facts, so that the choice of kernels can be tested
// for machines that are not at hand. Read once, constant afterwards, any thread.
#pragma once

#include <cstdint>

namespace rm::ops::cpu {

struct CpuFeatures {
  bool avx2 = false, fma = false, f16c = false, bmi2 = false;
  bool avx512f = false, avx512bw = false, avx512dq = false, avx512vl = false;
  bool avx512vnni = false, avx512bf16 = false;
  bool amx_tile = false, amx_bf16 = false, amx_int8 = false;
  bool tile_data = false;  // the system has granted this process the tiles' registers
  bool operator==(const CpuFeatures&) const = default;
};

// The answers of CPUID and XGETBV; 0 where the processor has no such leaf.
struct CpuWords {
  std::uint32_t leaf1_ecx = 0, leaf7_ebx = 0, leaf7_ecx = 0, leaf7_edx = 0, leaf7_1_eax = 0;
  std::uint64_t xcr0 = 0;  // the registers that the system saves
};

// A feature counts only where the system saves the registers it needs. tile_data is no matter of CPUID and stays false.
CpuFeatures decode(const CpuWords& words);

// This machine's. On a processor with AMX, Linux is asked for the tiles here; it answers for the whole process.
const CpuFeatures& this_machine();

// What the kernels' files are compiled for: AVX2 with FMA, F16C and BMI2; these and AVX512 F, BW, DQ and VL.
bool has_avx2(const CpuFeatures& f);
bool has_avx512(const CpuFeatures& f);

}  // namespace rm::ops::cpu
