// The kernels that tests of the CPU's backend run: those of this machine, and AMX's over a model of the tile unit.
#pragma once

#include <vector>

#include "lib/ops/cpu/kernels.h"

namespace rm::ops::cpu {

extern const KernelTable kAmxModel;  // amx_test.cc; beside the matrices it is what kScalar is

inline std::vector<const KernelTable*> tested_tables() {
  std::vector<const KernelTable*> tables = usable_tables();
  tables.push_back(&kAmxModel);
  return tables;
}

}  // namespace rm::ops::cpu
