#if defined(__x86_64__)
#include "lib/ops/cpu/kernels.h"

#include <immintrin.h>

#include "lib/ops/cpu/tiles.h"

#pragma GCC push_options
#pragma GCC target("avx512vnni,avx512bf16,avx512f,avx512bw,avx512dq,avx512vl,avx2,fma,bmi2")
#define RM_WIDTH 16
#define RM_DOT_BF16 1
#define RM_DOT_INT8 1
#define RM_ISA amx
#include "lib/ops/cpu/amx_body.h"
#pragma GCC pop_options

namespace rm::ops::cpu {

const KernelTable kAmx = amx::tile_table<HardwareTiles>("amx", [](const CpuFeatures& f) {
  return has_avx512(f) && f.avx512vnni && f.avx512bf16 && f.amx_tile && f.amx_bf16 && f.tile_data;
});

}  // namespace rm::ops::cpu
#endif
