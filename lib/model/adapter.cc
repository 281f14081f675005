#include "lib/model/adapter.h"

#include <algorithm>

namespace rm::model {

using weightfile::LoraModule;

Result<std::unique_ptr<Linear>> Adapter::wrap(std::unique_ptr<Linear> base) {
  std::vector<LoraLinear::Update> updates;
  for (const LinearPart& part : base->info().parts) {
    const auto modules = file_.modules();
    const auto found =
        std::find_if(modules.begin(), modules.end(), [&](const LoraModule& m) { return m.module == part.name; });
    if (found == modules.end()) continue;
    used_.insert(part.name);
    const auto r = static_cast<std::int64_t>(found->a.shape[0]), in = static_cast<std::int64_t>(found->a.shape[1]);
    const std::int64_t rank = (r + 15) / 16 * 16;  // filled up with zeros
    RM_ASSIGN(std::vector<float> a, file_.floats(found->a));
    RM_ASSIGN(const std::vector<float> b, file_.floats(found->b));
    a.resize(static_cast<std::size_t>(rank * in));
    std::vector<float> wide(static_cast<std::size_t>(part.rows * rank));
    for (std::int64_t o = 0; o < part.rows; ++o) std::copy_n(b.begin() + o * r, r, wide.begin() + o * rank);
    LoraLinear::Update u{part.begin, part.rows, backend_.make_matrix(rank, in, dtype_),
                         backend_.make_matrix(part.rows, rank, dtype_), file_.config().scale};
    backend_.put_rows(u.a_RI, 0, rank, a.data());
    backend_.put_rows(u.b_OR, 0, part.rows, wide.data());
    updates.push_back(std::move(u));
  }
  if (updates.empty()) return base;
  return std::unique_ptr<Linear>(new LoraLinear(backend_, std::move(base), std::move(updates)));
}

Result<void> Adapter::check_all_used() const {
  for (const LoraModule& m : file_.modules())
    if (!used_.contains(m.module))
      return make_error(Exit::kModel, "bad_adapter", "adapts " + m.module + ", which is no layer of the model",
                        file_.path());
  return {};
}

}  // namespace rm::model
