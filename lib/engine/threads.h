// The thread pools of a Torch object: the tensor library's and that of our own kernels.
#pragma once

namespace rm::engine {

// Threads for every later operation of this process; 0: as many as the machine gives it.
void set_threads(int threads);

}  // namespace rm::engine
