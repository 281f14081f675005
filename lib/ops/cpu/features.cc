// Bits of CPUID and XCR0: Intel's Software Developer's Manual, volume 2 (CPUID) and volume 1, chapter "Managing state using
// the XSAVE feature set". The request for the tiles: Linux, Documentation/arch/x86/xstate.rst.
#include "lib/ops/cpu/features.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace rm::ops::cpu {
namespace {

bool bit(std::uint64_t word, int n) { return (word >> n & 1) != 0; }
bool all(std::uint64_t word, std::uint64_t mask) { return (word & mask) == mask; }

#if defined(__x86_64__)
CpuWords read_words() {
  CpuWords w;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) != 0) w.leaf1_ecx = c;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) != 0) {
    w.leaf7_ebx = b;
    w.leaf7_ecx = c;
    w.leaf7_edx = d;
    if (a >= 1 && __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0) w.leaf7_1_eax = a;
  }
  if (bit(w.leaf1_ecx, 27)) {  // XGETBV may be used
    std::uint32_t low = 0, high = 0;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    w.xcr0 = std::uint64_t{high} << 32 | low;
  }
  return w;
}

bool request_tile_data() {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}
#endif

}  // namespace

CpuFeatures decode(const CpuWords& w) {
  const bool xsave = bit(w.leaf1_ecx, 27);
  const bool ymm = xsave && all(w.xcr0, 0x6) && bit(w.leaf1_ecx, 28);
  const bool zmm = ymm && all(w.xcr0, 0xe0);
  const bool tmm = xsave && all(w.xcr0, 0x60000);
  CpuFeatures f;
  f.avx2 = ymm && bit(w.leaf7_ebx, 5);
  f.fma = ymm && bit(w.leaf1_ecx, 12);
  f.f16c = ymm && bit(w.leaf1_ecx, 29);
  f.bmi2 = bit(w.leaf7_ebx, 8);
  f.avx512f = zmm && bit(w.leaf7_ebx, 16);
  f.avx512dq = zmm && bit(w.leaf7_ebx, 17);
  f.avx512bw = zmm && bit(w.leaf7_ebx, 30);
  f.avx512vl = zmm && bit(w.leaf7_ebx, 31);
  f.avx512vnni = zmm && bit(w.leaf7_ecx, 11);
  f.avx512bf16 = zmm && bit(w.leaf7_1_eax, 5);
  f.amx_bf16 = tmm && bit(w.leaf7_edx, 22);
  f.amx_tile = tmm && bit(w.leaf7_edx, 24);
  f.amx_int8 = tmm && bit(w.leaf7_edx, 25);
  return f;
}

const CpuFeatures& this_machine() {
  static const CpuFeatures features = [] {
    CpuFeatures f;
#if defined(__x86_64__)
    f = decode(read_words());
    f.tile_data = f.amx_tile && request_tile_data();
#endif
    return f;
  }();
  return features;
}

bool has_avx2(const CpuFeatures& f) { return f.avx2 && f.fma && f.f16c && f.bmi2; }
bool has_avx512(const CpuFeatures& f) { return has_avx2(f) && f.avx512f && f.avx512bw && f.avx512dq && f.avx512vl; }

}  // namespace rm::ops::cpu
