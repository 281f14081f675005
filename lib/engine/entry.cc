// The two functions the program looks up in a Torch object. No exception leaves them.
#include <algorithm>
#include <exception>
#include <memory>
#include <new>
#include <string>

#include "lib/engine/engine.h"
#include "lib/engine/memory.h"
#include "lib/engine/threads.h"
#include "lib/generate/token_engine.h"
#include "lib/model/load.h"
#include "lib/weightfile/weight_file.h"

namespace rm::engine {
namespace {

Result<std::unique_ptr<generate::TokenEngine>> open(const generate::EngineOptions& o) {
  if (o.threads < 0) return make_error(Exit::kUsage, "bad_option", "--threads cannot be negative");
  set_threads(o.threads);
  RM_ASSIGN(const auto file, weightfile::WeightFile::open(o.model));
  RM_ASSIGN(auto model, model::load(*file, o));
  MemoryFacts m;
  m.weight_bytes = model->weight_bytes();
  m.page_bytes = model->page_bytes();
  m.page_tokens = model->page_tokens();
  m.model_context = model->context();
  m.gpu = model->device() != "cpu";
  m.free_bytes = m.gpu ? model->free_bytes() : free_memory();
  RM_ASSIGN(const CachePlan plan, plan_cache(m, o));
  RM_ASSIGN(auto engine, Engine::make(std::move(model), plan, o));
  return std::unique_ptr<generate::TokenEngine>(std::move(engine));
}

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
    auto engine = rm::engine::open(*options);
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
