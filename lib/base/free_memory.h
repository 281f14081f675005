// Main memory: what this process holds, and what it may still use, which is the system's estimate, or less where a control group above us or the limit
// on our address space (ulimit -v) says so. Page cache that can be dropped counts as free. Largest number where nothing says. Any
// thread.
#pragma once

#include <cstdint>
#include <string>

namespace rm {

// `root` stands before /proc and /sys, for tests; version 1 and 2 of control groups.
std::uint64_t free_memory(const std::string& root = {});

std::uint64_t resident_memory();  // of this process, in bytes; 0 where nothing says

}  // namespace rm
