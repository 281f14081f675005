#include "lib/generate/local.h"
#include "lib/generate/torch_object.h"

namespace rm::generate {

Result<std::unique_ptr<TokenEngine>> open_engine(const EngineOptions& o) {
  std::unique_ptr<TokenEngine> engine;
  RM_TRY(with_torch_object(o.device, o.threads, [&](const TorchObject& object) -> Result<void> {
    RM_ASSIGN(void* found, find_function(object, "rm_engine_open", "rm_engine_abi", kEngineAbi));
    EngineOptions there = o;
    there.device = object.device;
    TokenEngine* made = nullptr;
    Error error;
    const int rc = reinterpret_cast<OpenFn>(found)(&there, &made, &error);
    engine.reset(made);
    if (rc == 0 && engine) return {};
    if (error.message.empty())
      error = make_error(Exit::kBug, "engine", "the engine failed to open and gave no reason", object.path);
    return error;
  }));
  return engine;
}

}  // namespace rm::generate
