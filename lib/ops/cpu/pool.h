// Worker threads for the CPU kernels: short parallel regions, thousands a second, beside busy neighbours.
//
// Tasks are handed out one by one, so a worker the system has put aside delays one task and not a share of the matrix.
// Which worker runs a task never changes a result: tasks write disjoint memory. Idle workers spin for some microseconds
// and then sleep. One pool a process, never destroyed. A run() from inside a task, or one that finds the pool in use,
// does its tasks on the calling thread.
#pragma once

#include <cstdint>
#include <type_traits>

namespace rm::ops::cpu {

// Threads in use, the caller's included. 0: one a core this process may run on.
void set_threads(int n);
int threads();

using Task = void (*)(void* context, std::int64_t task, int worker);
void run_tasks(std::int64_t tasks, Task f, void* context);

// f(task, worker) for task in [0, tasks); worker is in [0, threads()) and unique among those running. f must not throw.
template <class F>
void parallel(std::int64_t tasks, F&& f) {
  using Body = std::remove_reference_t<F>;
  run_tasks(
      tasks, [](void* c, std::int64_t task, int worker) { (*static_cast<Body*>(c))(task, worker); },
      const_cast<void*>(static_cast<const void*>(&f)));
}

// [0, n) in pieces of `grain`: f(begin, end).
template <class F>
void parallel_ranges(std::int64_t n, std::int64_t grain, F&& f) {
  const std::int64_t pieces = (n + grain - 1) / grain;
  parallel(pieces, [&](std::int64_t i, int) { f(i * grain, (i + 1) * grain < n ? (i + 1) * grain : n); });
}

}  // namespace rm::ops::cpu
