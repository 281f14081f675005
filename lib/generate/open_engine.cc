#include "lib/generate/local.h"
#include "lib/generate/torch_object.h"

namespace rm::generate {

Result<std::unique_ptr<TokenEngine>> open_engine(const EngineOptions& o) {
  return open_in_object<TokenEngine>(o, "rm_engine_open", "rm_engine_abi", kEngineAbi);
}

}  // namespace rm::generate
