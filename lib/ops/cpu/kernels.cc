#include "lib/ops/cpu/kernels.h"

namespace rm::ops::cpu {

std::vector<const KernelTable*> usable_tables(const CpuFeatures& features) {
  std::vector<const KernelTable*> found;
#if defined(__x86_64__)
  for (const KernelTable* t : {&kAmx, &kAvx512Bf16, &kAvx512Vnni, &kAvx512, &kAvx2})
    if (t->usable(features)) found.push_back(t);
#endif
  found.push_back(&kScalar);
  return found;
}

std::vector<const KernelTable*> usable_tables() { return usable_tables(this_machine()); }

}  // namespace rm::ops::cpu
