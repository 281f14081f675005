#include "lib/engine/memory.h"

#include <doctest/doctest.h>

using namespace rm;
using namespace rm::engine;

namespace {

constexpr std::uint64_t kGB = 1'000'000'000;

MemoryFacts default_model(std::uint64_t free_bytes) {
  return {.weight_bytes = 3'554'000'000,
          .page_bytes = 28'672 * 32,
          .page_tokens = 32,
          .model_context = 32'768,
          .free_bytes = free_bytes};
}

}  // namespace

TEST_CASE("the default model stays within 4.5 GB and keeps room for long sequences") {
  const auto plan = plan_cache(default_model(19 * kGB), {});
  REQUIRE(plan);
  CHECK(plan->batch == 32);
  CHECK(plan->context >= 24'000);
  CHECK(static_cast<std::uint64_t>(plan->pages) * 28'672 * 32 < 750'000'000);
}

TEST_CASE("batch and context asked for get their memory, or an error that says what would fit") {
  struct Row {
    const char* what;
    int batch;
    std::int64_t context;
    bool deterministic;
    std::uint64_t free_bytes;
    bool ok;
    std::int64_t at_least;
  };
  for (const Row& r : {Row{"a large batch", 64, 0, false, 19 * kGB, true, 64 * 2048},
                       Row{"a large batch on a small machine", 64, 0, false, 2 * kGB, true, 16'000},
                       Row{"one sequence", 1, 0, false, 19 * kGB, true, 24'000},
                       Row{"a short context", 0, 2048, false, 19 * kGB, true, 2048},
                       Row{"a context longer than the model's", 0, 100'000, false, 19 * kGB, true, 32'768},
                       Row{"a context that does not fit", 0, 32'768, false, 2 * kGB, false, 0},
                       Row{"deterministic", 0, 0, true, 19 * kGB, true, 32'768},
                       Row{"deterministic on a small machine", 0, 0, true, 2 * kGB, false, 0},
                       Row{"deterministic and short on a small machine", 0, 8192, true, 2 * kGB, true, 8192},
                       Row{"no memory", 0, 0, false, kGB / 2, false, 0}}) {
    CAPTURE(r.what);
    generate::EngineOptions o;
    o.batch = r.batch;
    o.context = r.context;
    o.deterministic = r.deterministic;
    const auto plan = plan_cache(default_model(r.free_bytes), o);
    CHECK(plan.ok() == r.ok);
    if (plan) {
      CHECK(plan->pages * 32 >= r.at_least);
      CHECK(plan->context <= plan->pages * 32);
      CHECK(static_cast<std::uint64_t>(plan->pages) * 28'672 * 32 <= r.free_bytes / 2);
      if (r.context > 0) CHECK(plan->context == std::min<std::int64_t>(r.context, 32'768));
    } else {
      CHECK(plan.error().exit == Exit::kResources);
      CHECK(plan.error().reason == "no_memory");
    }
  }
}

TEST_CASE("deterministic context does not depend on the machine") {
  generate::EngineOptions o;
  o.deterministic = true;
  MemoryFacts m = default_model(19 * kGB);
  m.model_context = 131'072;
  std::int64_t context = 0;
  for (const std::uint64_t free_bytes : {4 * kGB, 8 * kGB, 200 * kGB}) {
    m.free_bytes = free_bytes;
    const auto plan = plan_cache(m, o);
    REQUIRE(plan);
    CHECK((context == 0 || context == plan->context));
    context = plan->context;
  }
}
