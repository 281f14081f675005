#include "lib/records/shard.h"

#include <cstdlib>
#include <optional>
#include <string>

#include "lib/base/escape.h"
#include "lib/base/hash.h"
#include "lib/base/number.h"

namespace rm::records {
namespace {

// Keeps the split of shards apart from other uses of the same hash.
constexpr std::uint64_t kShardSeed = 0x5348415244;

Error usage(std::string message) { return make_error(Exit::kUsage, "bad_shard", std::move(message), "--shard"); }

Result<std::uint64_t> from_environment(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return usage(std::string(name) + " is not set; expected to run inside a SLURM array job");
  const auto v = parse_unsigned(text);
  if (!v) return usage(std::string(name) + " is \"" + escape_text(text, 40) + "\"; expected a number");
  return *v;
}

Result<Shard> from_slurm() {
  RM_ASSIGN(const std::uint64_t id, from_environment("SLURM_ARRAY_TASK_ID"));
  RM_ASSIGN(const std::uint64_t first, from_environment("SLURM_ARRAY_TASK_MIN"));
  RM_ASSIGN(const std::uint64_t count, from_environment("SLURM_ARRAY_TASK_COUNT"));
  if (id < first || id - first >= count) {
    return usage("task " + std::to_string(id) + " is not one of " + std::to_string(count) + " from " +
                 std::to_string(first) + "; array ids must step by one");
  }
  return Shard{id - first, count, false};
}

std::string_view trimmed(std::string_view s) {
  constexpr std::string_view kSpace = " \t\r\n";
  const auto first = s.find_first_not_of(kSpace);
  if (first == s.npos) return {};
  return s.substr(first, s.find_last_not_of(kSpace) - first + 1);
}

std::uint64_t portion(std::uint64_t part, std::uint64_t count, std::uint64_t size) {
  return static_cast<std::uint64_t>(static_cast<unsigned __int128>(size) * part / count);
}

}  // namespace

bool Shard::takes(std::string_view line) const { return whole() || hash64(trimmed(line), kShardSeed) % count == index; }

Result<Shard> parse_shard(std::string_view flag, std::string_view by) {
  Shard out;
  if (flag == "slurm") {
    RM_ASSIGN(out, from_slurm());
  } else if (!flag.empty()) {
    const auto slash = flag.find('/');
    const auto index = parse_unsigned(flag.substr(0, slash));
    const auto count = slash == flag.npos ? std::nullopt : parse_unsigned(flag.substr(slash + 1));
    if (!index || !count || *index < 1 || *index > *count) {
      return usage("\"" + escape_text(flag, 40) + "\" is not I/N with 1 <= I <= N, nor slurm");
    }
    out = {*index - 1, *count, false};
  }
  if (!by.empty() && by != "range" && by != "hash") {
    return make_error(Exit::kUsage, "bad_shard", "\"" + escape_text(by, 40) + "\" is neither range nor hash",
                      "--shard-by");
  }
  out.by_hash = by == "hash";
  return out;
}

std::uint64_t range_begin(const Shard& s, std::uint64_t size) { return portion(s.index, s.count, size); }
std::uint64_t range_end(const Shard& s, std::uint64_t size) { return portion(s.index + 1, s.count, size); }

}  // namespace rm::records
