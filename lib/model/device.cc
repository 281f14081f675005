#include "lib/model/device.h"

#include <exception>

#include "lib/ops/cpu/choice.h"

namespace rm::model {

Result<ops::Backend*> choose_backend(const std::string& device) {
  const std::string name = device == "auto" ? (ops::backend(at::Device(at::kCUDA, 0)) ? "cuda:0" : "cpu") : device;
  ops::Backend* found = nullptr;
  try {
    found = ops::backend(at::Device(name));
  } catch (const std::exception&) {
    return make_error(Exit::kUsage, "bad_device", "--device " + device + ": expected auto, cpu, cuda or cuda:N");
  }
  if (!found)
    return make_error(Exit::kResources, "no_device", "--device " + device + ": this build has no kernels for it");
  if (const auto index = at::Device(name).index(); index > 0 && index != found->device().index()) {
    return make_error(Exit::kResources, "no_device",
                      "--device " + device +
                          ": only the first visible device is used; choose it with CUDA_VISIBLE_DEVICES=" +
                          std::to_string(index) + " and --device cuda");
  }
  if (found->device().is_cpu()) RM_TRY(ops::cpu::chosen_table());
  return found;
}

}  // namespace rm::model
