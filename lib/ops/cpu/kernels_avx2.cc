#if defined(__x86_64__)
#include "lib/ops/cpu/kernels.h"

#include <immintrin.h>

#pragma GCC push_options
#pragma GCC target("avx2,fma,bmi2,f16c")
#define RM_WIDTH 8
#define RM_DOT_BF16 0
#define RM_DOT_INT8 0
#define RM_ISA avx2
#include "lib/ops/cpu/kernels_body.h"
#pragma GCC pop_options

namespace rm::ops::cpu {

const KernelTable kAvx2 = avx2::table("avx2", has_avx2);

}  // namespace rm::ops::cpu
#endif
