#include "lib/ops/cpu/kernels.h"

#define RM_WIDTH 4
#define RM_DOT_BF16 0
#define RM_DOT_INT8 0
#define RM_ISA scalar
#include "lib/ops/cpu/kernels_body.h"

namespace rm::ops::cpu {

const KernelTable kScalar = scalar::table("scalar", [](const CpuFeatures&) { return true; });

}  // namespace rm::ops::cpu
