#include "lib/engine/memory.h"

#include <algorithm>

namespace rm::engine {
namespace {

constexpr std::uint64_t kMiB = 1u << 20;
constexpr std::uint64_t kHeadRoom = 512 * kMiB, kGpuHeadRoom = 1024 * kMiB;
constexpr std::uint64_t kLeastBound = 512 * kMiB;
constexpr std::int64_t kTypicalTokens = 2048;  // a judging prompt and its reply
constexpr std::int64_t kLongContext = 32'768;  // longer ones are served when asked for
constexpr int kCpuBatch = 32, kGpuBatch = 256;

std::string megabytes(std::uint64_t bytes) { return std::to_string((bytes + 500'000) / 1'000'000) + " MB"; }

Error no_memory(std::uint64_t needed, std::uint64_t free, std::int64_t tokens, const std::string& what_to_do) {
  return make_error(Exit::kResources, "no_memory",
                    "a cache for " + std::to_string(tokens) + " tokens needs " + megabytes(needed) + ", " +
                        megabytes(free) + " can be used for it: " + what_to_do);
}

}  // namespace

Result<CachePlan> plan_cache(const MemoryFacts& m, const generate::EngineOptions& o) {
  if (o.batch < 0 || o.context < 0)
    return make_error(Exit::kUsage, "bad_option", "--batch and --context cannot be negative");
  CachePlan plan;
  plan.batch = o.batch > 0 ? o.batch : m.gpu ? kGpuBatch : kCpuBatch;
  const std::int64_t asked = o.context > 0 ? std::min(o.context, m.model_context) : 0;
  const std::int64_t context = asked > 0 ? asked : std::min(m.model_context, kLongContext);
  const std::uint64_t head_room = m.gpu ? kGpuHeadRoom : kHeadRoom;
  const std::uint64_t left = m.free_bytes > head_room ? m.free_bytes - head_room : 0;
  const std::uint64_t room = m.gpu ? left / 10 * 9 : left / 2;

  const auto pages_for = [&m](std::int64_t tokens) { return (tokens + m.page_tokens - 1) / m.page_tokens; };
  const std::int64_t most = static_cast<std::int64_t>(std::min<std::uint64_t>(room / m.page_bytes, 1u << 30));
  const std::int64_t longest = pages_for(context);
  // Nothing says how many sequences there will be: a page more than each needs, so that a full cache still moves.
  std::int64_t wanted = std::max(longest, pages_for(plan.batch * std::min(kTypicalTokens, context)) + plan.batch);
  if (m.gpu) wanted = most;
  const std::uint64_t bound = std::max(m.weight_bytes / 5, kLeastBound);
  if (!m.gpu && o.batch == 0) {
    wanted = std::min<std::int64_t>(wanted, static_cast<std::int64_t>(bound / m.page_bytes));
    if (asked > 0 || o.deterministic) wanted = std::max(wanted, longest);
  }
  plan.pages = std::min(wanted, most);
  if (plan.pages < longest && (asked > 0 || o.deterministic)) {
    return no_memory(static_cast<std::uint64_t>(longest) * m.page_bytes, room, context,
                     "give a shorter --context, or free memory");
  }
  const std::int64_t least = std::min<std::int64_t>(pages_for(512), longest);
  if (plan.pages < least) {
    return no_memory(static_cast<std::uint64_t>(least) * m.page_bytes, room, least * m.page_tokens,
                     "free memory, or take a smaller model or --dtype bf16");
  }
  plan.context = std::min(asked > 0 || o.deterministic ? context : m.model_context, plan.pages * m.page_tokens);
  plan.memory_bound = plan.context < m.model_context && asked == 0 && !o.deterministic;
  return plan;
}

}  // namespace rm::engine
