// Runs a piece of work on a thread whose stack is 256 KiB, so that recursion over hostile text would be noticed.
#pragma once

#include <pthread.h>

#include <functional>

namespace rm {

inline bool on_small_stack(std::function<void()> work) {
  pthread_attr_t attributes;
  pthread_t thread;
  if (pthread_attr_init(&attributes) != 0 || pthread_attr_setstacksize(&attributes, 256u << 10) != 0) return false;
  auto body = [](void* f) -> void* {
    (*static_cast<std::function<void()>*>(f))();
    return nullptr;
  };
  const bool started = pthread_create(&thread, &attributes, body, &work) == 0;
  if (started) pthread_join(thread, nullptr);
  pthread_attr_destroy(&attributes);
  return started;
}

}  // namespace rm
