#if defined(__x86_64__)
#include "lib/ops/cpu/kernels.h"

#include <immintrin.h>

#pragma GCC push_options
#pragma GCC target("avx512vnni,avx512bf16,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi2")
#define RM_WIDTH 16
#define RM_DOT_BF16 1
#define RM_DOT_INT8 1
#define RM_ISA avx512_bf16
#include "lib/ops/cpu/kernels_body.h"
#pragma GCC pop_options

namespace rm::ops::cpu {

const KernelTable kAvx512Bf16 = avx512_bf16::table(
    "avx512-bf16", [](const CpuFeatures& f) { return has_avx512(f) && f.avx512vnni && f.avx512bf16; });

}  // namespace rm::ops::cpu
#endif
