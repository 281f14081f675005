#include "lib/ops/cpu/choice.h"

#include <cstdlib>
#include <string>

#include "lib/base/escape.h"

namespace rm::ops::cpu {

Result<const KernelTable*> choose_table(const CpuFeatures& features, const char* wanted) {
  const auto tables = usable_tables(features);
  if (!wanted || *wanted == '\0') return tables.front();
  std::string names;
  for (const KernelTable* t : tables) {
    if (std::string(wanted) == t->name) return t;
    if (!names.empty()) names += t == tables.back() ? " or " : ", ";
    names += t->name;
  }
  return make_error(Exit::kUsage, "bad_isa",
                    "RM_ISA is \"" + escape_text(wanted) + "\", which this machine cannot run; expected " + names +
                        ", or leave it unset for the first");
}

const Result<const KernelTable*>& chosen_table() {
  static const Result<const KernelTable*> chosen = choose_table(this_machine(), std::getenv("RM_ISA"));
  return chosen;
}

}  // namespace rm::ops::cpu
