// The two functions the program looks up in a Torch object. No exception leaves them.
#include <exception>
#include <memory>
#include <new>
#include <string>

#include "lib/engine/open.h"
#include "lib/generate/token_engine.h"

namespace rm::engine {
namespace {

// The first line: what follows in the tensor library's exceptions is a stack.
std::string first_line(const char* what) {
  const std::string s(what);
  return s.substr(0, s.find('\n'));
}

}  // namespace
}  // namespace rm::engine

extern "C" int rm_engine_abi() { return rm::generate::kEngineAbi; }

extern "C" int rm_engine_open(const rm::generate::EngineOptions* options, rm::generate::TokenEngine** out,
                              rm::Error* error) {
  *out = nullptr;
  try {
    auto engine = rm::engine::open_engine(*options);
    if (engine) {
      *out = engine->release();
      return 0;
    }
    *error = engine.error();
  } catch (const std::bad_alloc&) {
    *error = rm::make_error(rm::Exit::kResources, "no_memory",
                            "memory ran out while the model was opened: take a smaller model, or free memory",
                            options->model);
  } catch (const std::exception& e) {
    *error = rm::make_error(rm::Exit::kBug, "engine", rm::engine::first_line(e.what()), options->model);
  } catch (...) {
    *error = rm::make_error(rm::Exit::kBug, "engine", "an unknown exception", options->model);
  }
  return 1;
}
