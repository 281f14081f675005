#include "lib/engine/threads.h"

#include <ATen/Parallel.h>

#include "lib/ops/cpu/pool.h"

namespace rm::engine {

void set_threads(int threads) {
  if (threads > 0) at::set_num_threads(threads);
  ops::cpu::set_threads(threads);
}

}  // namespace rm::engine
