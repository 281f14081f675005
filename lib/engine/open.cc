#include "lib/engine/open.h"

#include "lib/base/free_memory.h"
#include "lib/engine/engine.h"
#include "lib/engine/memory.h"
#include "lib/engine/threads.h"
#include "lib/model/load.h"

namespace rm::engine {

Result<std::unique_ptr<generate::TokenEngine>> open_engine(const generate::EngineOptions& o) {
  RM_ASSIGN(const auto file, weightfile::WeightFile::open(o.model));
  return open_engine(*file, o);
}

Result<std::unique_ptr<generate::TokenEngine>> open_engine(const weightfile::WeightFile& file,
                                                           const generate::EngineOptions& o) {
  if (o.threads < 0) return make_error(Exit::kUsage, "bad_option", "--threads cannot be negative");
  set_threads(o.threads);
  RM_ASSIGN(auto model, model::load(file, o));
  return open_engine(std::move(model), o);
}

Result<std::unique_ptr<generate::TokenEngine>> open_engine(std::unique_ptr<model::StepModel> model,
                                                           const generate::EngineOptions& o) {
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

}  // namespace rm::engine
