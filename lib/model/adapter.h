// Wraps the Linears that a LoRA adapter touches. The base stays as it is; the adapter's matrices are small and resident.
#pragma once

#include <memory>
#include <set>
#include <string>

#include "lib/base/result.h"
#include "lib/model/linear.h"
#include "lib/weightfile/lora.h"

namespace rm::model {

class Adapter {
 public:
  Adapter(const weightfile::LoraFile& file, ops::Backend& backend, at::ScalarType dtype)
      : file_(file), backend_(backend), dtype_(dtype) {}

  // The Linear itself, or one that adds the adapter's update to the parts the adapter names.
  Result<std::unique_ptr<Linear>> wrap(std::unique_ptr<Linear> base);
  // Modules of the adapter that no Linear asked for: an error naming one.
  Result<void> check_all_used() const;

 private:
  const weightfile::LoraFile& file_;
  ops::Backend& backend_;
  at::ScalarType dtype_;
  std::set<std::string> used_;
};

}  // namespace rm::model
