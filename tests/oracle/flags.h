// Flags of the probes: pairs of "--name VALUE". What is not known, not understood or without a value ends the run.
#pragma once

#include <cstdio>
#include <functional>
#include <map>
#include <string>

namespace rm::probe {

using Flags = std::map<std::string, std::function<bool(const char* value)>>;  // false: a value nobody understands

// argv from `first` on; a message on standard error where it fails.
inline bool read_flags(const char* probe, int argc, char** argv, int first, const Flags& flags) {
  for (int i = first; i < argc; i += 2) {
    const auto flag = flags.find(argv[i]);
    const char* wrong = flag == flags.end()          ? "unknown flag"
                        : i + 1 == argc              ? "no value for"
                        : !flag->second(argv[i + 1]) ? "bad value for"
                                                     : nullptr;
    if (wrong) return std::fprintf(stderr, "%s: %s %s\n", probe, wrong, argv[i]), false;
  }
  return true;
}

template <class T>
auto set_number(T& to) {
  return [&to](const char* value) {
    char* end = nullptr;
    to = static_cast<T>(std::strtoll(value, &end, 10));
    return end != value && *end == 0;
  };
}
inline auto set_text(std::string& to) {
  return [&to](const char* value) {
    to = value;
    return true;
  };
}

}  // namespace rm::probe
