#include "lib/ops/cpu/kernels.h"

#include <vector>

namespace rm::ops::cpu {

std::span<const KernelTable* const> usable_tables() {
  static const std::vector<const KernelTable*> tables = [] {
    std::vector<const KernelTable*> found;
#if defined(__x86_64__)
    for (const KernelTable* t : {&kAvx512Bf16, &kAvx512, &kAvx2})
      if (t->usable()) found.push_back(t);
#endif
    found.push_back(&kScalar);
    return found;
  }();
  return tables;
}

const KernelTable& best_table() { return *usable_tables().front(); }

}  // namespace rm::ops::cpu
