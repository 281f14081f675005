#if defined(__x86_64__)
#include "lib/ops/cpu/kernels.h"

#include <immintrin.h>

#pragma GCC push_options
#pragma GCC target("avx512vnni,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi2")
#define RM_WIDTH 16
#define RM_DOT_BF16 0
#define RM_DOT_INT8 1
#define RM_ISA avx512_vnni
#include "lib/ops/cpu/kernels_body.h"
#pragma GCC pop_options

namespace rm::ops::cpu {

const KernelTable kAvx512Vnni =
    avx512_vnni::table("avx512-vnni", [](const CpuFeatures& f) { return has_avx512(f) && f.avx512vnni; });

}  // namespace rm::ops::cpu
#endif
