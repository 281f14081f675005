// The Torch objects: where they lie, which one a device means, and opening one.
//
// librm_torch_cpu.so and librm_torch_cuda.so lie beside librm_core.so, or where a program expects them (../lib/rm-r1). An
// object is opened once with RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE and never closed; OMP_WAIT_POLICY and the thread count are
// set before. One thread.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "lib/base/result.h"

namespace rm::generate {

struct TorchObject {
  void* handle = nullptr;  // of dlopen
  std::string path;
  std::string device;  // to ask it for: "cpu", "cuda", "cuda:1"
};

// Hands `use` the object for a device. "auto" takes CUDA where its object opens and a device answers (`use` says reason
// "no_device" or "no_library" where not), else the CPU. Exit::kResources where an object is missing, kUsage for another name.
Result<void> with_torch_object(const std::string& device, int threads,
                               const std::function<Result<void>(const TorchObject&)>& use);

// Opens something by a pair of functions of an object: `open`(const Options*, Made** out, Error*), which returns 0 on success, and
// `abi`, which must say `version`. The errors are those of both functions below and of `open`.
template <class Made, class Options>
Result<std::unique_ptr<Made>> open_in_object(const Options& o, const char* open, const char* abi, int version);

// A function of an object, and its sibling `abi` checked against `expected`. Exit::kResources "no_library", "wrong_abi".
Result<void*> find_function(const TorchObject& o, const char* name, const char* abi, int expected);

template <class Made, class Options>
Result<std::unique_ptr<Made>> open_in_object(const Options& o, const char* open, const char* abi, int version) {
  std::unique_ptr<Made> made;
  RM_TRY(with_torch_object(o.device, o.threads, [&](const TorchObject& object) -> Result<void> {
    RM_ASSIGN(void* found, find_function(object, open, abi, version));
    Options there = o;
    there.device = object.device;
    Made* out = nullptr;
    Error error;
    const int rc = reinterpret_cast<int (*)(const Options*, Made**, Error*)>(found)(&there, &out, &error);
    made.reset(out);
    if (rc == 0 && made) return {};
    if (error.message.empty())
      error = make_error(Exit::kBug, "no_reason", std::string(open) + " failed and gave no reason", object.path);
    return error;
  }));
  return made;
}

}  // namespace rm::generate
