// Which kernels run: the best of this machine, or those that the environment variable RM_ISA names.
#pragma once

#include "lib/base/result.h"
#include "lib/ops/cpu/kernels.h"

namespace rm::ops::cpu {

// `wanted` is a table's name; null or empty: the best. A name that is not usable is Exit::kUsage, reason "bad_isa".
Result<const KernelTable*> choose_table(const CpuFeatures& features, const char* wanted);

// For this machine and its RM_ISA, decided at the first call.
const Result<const KernelTable*>& chosen_table();

}  // namespace rm::ops::cpu
