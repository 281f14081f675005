#include "lib/base/free_memory.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <utility>
#include <vector>

#include "tests/lib/base/temp_folder.h"

using namespace rm;

namespace {

void put(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path) << text;
}

}  // namespace

TEST_CASE("free memory is the least of what the machine and each control group leave") {
  struct Row {
    const char* what;
    std::vector<std::pair<const char*, const char*>> files;
    std::uint64_t free_bytes;
  };
  for (const Row& r :
       {Row{"no groups", {}, 1'000'000u * 1024},
        Row{"version 2, root only",
            {{"proc/self/cgroup", "0::/\n"},
             {"sys/fs/cgroup/memory.max", "500000000\n"},
             {"sys/fs/cgroup/memory.current", "200000000\n"},
             {"sys/fs/cgroup/memory.stat", "anon 1\ninactive_file 40000000\nactive_file 10000000\n"}},
            350'000'000},
        Row{"version 2, a parent is tighter",
            {{"proc/self/cgroup", "0::/a/b\n"},
             {"sys/fs/cgroup/a/b/memory.max", "max\n"},
             {"sys/fs/cgroup/a/b/memory.current", "1\n"},
             {"sys/fs/cgroup/a/memory.max", "300000000\n"},
             {"sys/fs/cgroup/a/memory.current", "100000000\n"}},
            200'000'000},
        Row{"version 1",
            {{"proc/self/cgroup", "5:cpu:/x\n4:memory:/job\n"},
             {"sys/fs/cgroup/memory/job/memory.limit_in_bytes", "400000000\n"},
             {"sys/fs/cgroup/memory/job/memory.usage_in_bytes", "100000000\n"}},
            300'000'000},
        Row{"over the limit",
            {{"proc/self/cgroup", "0::/\n"},
             {"sys/fs/cgroup/memory.max", "5\n"},
             {"sys/fs/cgroup/memory.current", "9\n"}},
            0},
        Row{"a limit on the address space",
            {{"proc/self/limits",
              "Limit                     Soft Limit           Hard Limit           Units     \n"
              "Max cpu time              unlimited            unlimited            seconds   \n"
              "Max address space         700000000            unlimited            bytes     \n"},
             {"proc/self/status", "Name:\tx\nVmPeak:\t  300000 kB\nVmSize:\t  100000 kB\n"}},
            700'000'000 - 102'400'000},
        Row{"no limit on the address space",
            {{"proc/self/limits", "Max address space         unlimited            unlimited            bytes\n"},
             {"proc/self/status", "VmSize:\t  100000 kB\n"}},
            1'000'000u * 1024},
        Row{"nonsense in the files",
            {{"proc/self/cgroup", "0::/../..\n"}, {"sys/fs/cgroup/memory.max", "many\n"}},
            1'000'000u * 1024}}) {
    CAPTURE(r.what);
    const tests::TempFolder tree;
    put(tree.path("proc/meminfo"), "MemTotal:       2000000 kB\nMemAvailable:    1000000 kB\n");
    for (const auto& [path, text] : r.files) put(tree.path(path), text);
    CHECK(free_memory(tree.path(".")) == r.free_bytes);
  }
}
