#include "lib/base/signals.h"

#include <atomic>
#include <csignal>

namespace rm::signals {
namespace {

std::atomic<int> g_stop{0};   // an Exit; 0: none asked for
std::atomic<int> g_drain{0};  // 1: the next signal asks to drain; 2: it has
static_assert(std::atomic<int>::is_always_lock_free);

extern "C" void rm_on_signal(int signal_number) {
  int armed = 1;
  if (g_drain.compare_exchange_strong(armed, 2)) return;
  const int wanted = static_cast<int>(signal_number == SIGINT ? Exit::kInterrupted : Exit::kStopped);
  int none = 0;
  if (g_stop.compare_exchange_strong(none, wanted)) return;
  ::signal(signal_number, SIG_DFL);  // the second one: die of it
  ::raise(signal_number);
}

}  // namespace

void install() {
  struct sigaction act {};
  act.sa_handler = rm_on_signal;
  sigemptyset(&act.sa_mask);
  act.sa_flags = SA_RESTART;  // our own reads wait in poll(), which is never restarted
  for (int s : {SIGTERM, SIGUSR1, SIGINT}) ::sigaction(s, &act, nullptr);
  ::signal(SIGPIPE, SIG_IGN);
  ::signal(SIGXFSZ, SIG_IGN);
}

bool stop_requested() { return g_stop.load(std::memory_order_relaxed) != 0; }

Exit stop_exit() { return static_cast<Exit>(g_stop.load(std::memory_order_relaxed)); }

Error stop_error() {
  const Exit e = stop_exit();
  return make_error(e, "stopped",
                    e == Exit::kInterrupted ? "interrupted" : "stopped by a signal; run again with --resume");
}

void drain_first() {
  int off = 0;
  g_drain.compare_exchange_strong(off, 1);
}

bool drain_requested() { return g_drain.load(std::memory_order_relaxed) == 2; }

void request_stop(Exit e) { g_stop.store(static_cast<int>(e)); }

}  // namespace rm::signals
