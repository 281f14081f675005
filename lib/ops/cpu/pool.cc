#include "lib/ops/cpu/pool.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace rm::ops::cpu {
namespace {

constexpr int kSpins = 2000;  // some tens of microseconds
thread_local bool inside_task = false;

void relax() {
#if defined(__x86_64__)
  _mm_pause();
#endif
}

int cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1u, std::thread::hardware_concurrency());
}

// The fields of a job. Two slots in turn: a late worker may still read the slot of the job before, never of a newer one
// unnoticed, because its claim on `word_` carries the job's number.
struct Job {
  std::atomic<Task> f{nullptr};
  std::atomic<void*> context{nullptr};
  std::atomic<std::uint32_t> tasks{0};
  std::atomic<int> threads{0};  // workers from this number on have no part in it, and no scratch memory
};

class Pool {
 public:
  void set_threads(int n) {
    std::lock_guard<std::mutex> lock(mutex_);
    wanted_ = n > 0 ? n : cores();
    sigset_t all, before;  // signals are the main thread's business
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    while (static_cast<int>(workers_.size()) + 1 < wanted_) {
      const int id = static_cast<int>(workers_.size()) + 1;
      workers_.emplace_back([this, id] { serve(id); });
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    limit_.store(wanted_);
  }

  int threads() {
    if (limit_.load() == 0) set_threads(0);
    return limit_.load();
  }

  void run(std::int64_t tasks, Task f, void* context) {
    std::unique_lock<std::mutex> lock(mutex_, std::defer_lock);
    if (tasks < 2 || threads() < 2 || inside_task || !lock.try_lock()) {
      for (std::int64_t i = 0; i < tasks; ++i) f(context, i, 0);
      return;
    }
    const std::uint32_t number = ++number_;
    Job& job = jobs_[number & 1];
    job.f.store(f, std::memory_order_relaxed);
    job.context.store(context, std::memory_order_relaxed);
    job.tasks.store(static_cast<std::uint32_t>(tasks), std::memory_order_relaxed);
    job.threads.store(limit_.load(), std::memory_order_relaxed);
    done_.store(0, std::memory_order_relaxed);
    word_.store(static_cast<std::uint64_t>(number) << 32, std::memory_order_seq_cst);
    if (sleepers_.load(std::memory_order_seq_cst) > 0) {
      epoch_.fetch_add(1, std::memory_order_seq_cst);
      epoch_.notify_all();
    }
    inside_task = true;
    work(0);
    inside_task = false;
    for (int i = 0; done_.load(std::memory_order_acquire) < tasks; ++i) {
      if (i < kSpins) {
        relax();
      } else {
        const std::uint32_t seen = done_.load(std::memory_order_acquire);
        if (seen < tasks) done_.wait(seen);
      }
    }
  }

 private:
  // Claims and runs tasks of the current job until none is left.
  void work(int worker) {
    std::uint64_t word = word_.load(std::memory_order_acquire);
    for (;;) {
      const Job& job = jobs_[(word >> 32) & 1];
      const Task f = job.f.load(std::memory_order_relaxed);
      void* context = job.context.load(std::memory_order_relaxed);
      const std::uint32_t tasks = job.tasks.load(std::memory_order_relaxed);
      const bool mine = worker < job.threads.load(std::memory_order_relaxed);
      const auto next = static_cast<std::uint32_t>(word);
      if (!mine || next >= tasks) {
        const std::uint64_t again = word_.load(std::memory_order_acquire);
        if (again >> 32 == word >> 32) return;
        word = again;
        continue;
      }
      if (!word_.compare_exchange_weak(word, word + 1, std::memory_order_acq_rel)) continue;
      f(context, next, worker);
      if (done_.fetch_add(1, std::memory_order_acq_rel) + 1 == tasks && worker != 0) done_.notify_one();
      word = word_.load(std::memory_order_acquire);
    }
  }

  void serve(int id) {
    inside_task = true;
    std::uint32_t last = 0;
    for (;;) {
      int spins = 0;
      while (static_cast<std::uint32_t>(word_.load(std::memory_order_acquire) >> 32) == last) {
        if (++spins < kSpins) {
          relax();
          continue;
        }
        const std::uint32_t epoch = epoch_.load(std::memory_order_seq_cst);
        sleepers_.fetch_add(1, std::memory_order_seq_cst);
        if (static_cast<std::uint32_t>(word_.load(std::memory_order_seq_cst) >> 32) == last) epoch_.wait(epoch);
        sleepers_.fetch_sub(1, std::memory_order_seq_cst);
      }
      last = static_cast<std::uint32_t>(word_.load(std::memory_order_acquire) >> 32);
      work(id);
    }
  }

  std::mutex mutex_;
  std::vector<std::thread> workers_;
  int wanted_ = 0;
  std::atomic<int> limit_{0};
  std::uint32_t number_ = 0;
  std::array<Job, 2> jobs_;
  std::atomic<std::uint64_t> word_{0};  // job number << 32 | next task
  std::atomic<std::uint32_t> done_{0};
  std::atomic<std::uint32_t> epoch_{0};
  std::atomic<int> sleepers_{0};
};

Pool& pool() {
  static Pool* p = new Pool;  // workers outlive every static destructor
  return *p;
}

}  // namespace

void set_threads(int n) { pool().set_threads(n); }
int threads() { return pool().threads(); }
void run_tasks(std::int64_t tasks, Task f, void* context) { pool().run(tasks, f, context); }

}  // namespace rm::ops::cpu
