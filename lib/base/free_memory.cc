#include "lib/base/free_memory.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <string_view>

namespace rm {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::optional<std::uint64_t> number(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  std::uint64_t v = 0;
  const auto [end, ec] = std::from_chars(s.data(), s.data() + s.size(), v);
  if (ec != std::errc() || end == s.data()) return std::nullopt;
  return v;
}

// The value after `key` at the start of a line.
std::optional<std::uint64_t> field(const std::string& text, const std::string& key) {
  for (std::size_t at = text.find(key); at != std::string::npos; at = text.find(key, at + 1)) {
    if (at == 0 || text[at - 1] == '\n') return number(std::string_view(text).substr(at + key.size()));
  }
  return std::nullopt;
}

// What a control group leaves: limit - (usage - page cache that can go). Empty: no limit.
std::optional<std::uint64_t> group_leaves(const std::string& dir, const char* limit, const char* usage,
                                          const std::string& prefix) {
  const auto most = number(read_file(dir + limit)), used = number(read_file(dir + usage));
  if (!most || !used) return std::nullopt;
  const std::string stat = read_file(dir + "memory.stat");
  const std::uint64_t cache =
      field(stat, prefix + "inactive_file ").value_or(0) + field(stat, prefix + "active_file ").value_or(0);
  const std::uint64_t droppable = std::min(*used, cache);
  const std::uint64_t held = *used - droppable;
  return *most > held ? *most - held : 0;
}

// Every group from ours up to the root.
template <class F>
void each_group(const std::string& mount, std::string path, F f) {
  for (;;) {
    f(mount + path + "/");
    if (path.empty() || path == "/") return;
    path.resize(path.rfind('/'));
  }
}

std::string group_path(const std::string& self_cgroup, const std::string& controller) {
  const std::string key = ":" + controller + ":";
  const auto at = self_cgroup.find(key);
  if (at == std::string::npos) return {};
  const auto begin = at + key.size();
  const std::string path = self_cgroup.substr(begin, self_cgroup.find('\n', begin) - begin);
  return path == "/" || path.find("..") != std::string::npos ? std::string() : path;
}

// What the soft limit on our address space leaves. Empty: no limit.
std::optional<std::uint64_t> address_space_leaves(const std::string& root) {
  const auto most = field(read_file(root + "/proc/self/limits"), "Max address space");
  const auto kb = field(read_file(root + "/proc/self/status"), "VmSize:");
  if (!most || !kb) return std::nullopt;
  const std::uint64_t used = *kb * 1024;
  return *most > used ? *most - used : 0;
}

}  // namespace

std::uint64_t free_memory(const std::string& root) {
  std::uint64_t left = std::numeric_limits<std::uint64_t>::max();
  if (const auto kb = field(read_file(root + "/proc/meminfo"), "MemAvailable:")) left = *kb * 1024;
  const std::string self = read_file(root + "/proc/self/cgroup");
  const auto lower = [&left](std::optional<std::uint64_t> v) { left = std::min(left, v.value_or(left)); };
  lower(address_space_leaves(root));
  each_group(root + "/sys/fs/cgroup", group_path(self, ""),
             [&](const std::string& dir) { lower(group_leaves(dir, "memory.max", "memory.current", "")); });
  each_group(root + "/sys/fs/cgroup/memory", group_path(self, "memory"), [&](const std::string& dir) {
    lower(group_leaves(dir, "memory.limit_in_bytes", "memory.usage_in_bytes", "total_"));
  });
  return left;
}

std::uint64_t resident_memory() {
  std::ifstream in("/proc/self/statm");
  std::uint64_t size = 0, resident = 0;
  in >> size >> resident;
  return resident * static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
}

}  // namespace rm
