#include "lib/generate/servers.h"

#include <algorithm>

#include "lib/base/hash.h"

namespace rm::generate {
namespace {

constexpr std::size_t kBlock = 512;       // bytes of a prompt between two of its hashes
constexpr std::size_t kMostBlocks = 256;  // what comes behind them does not count
constexpr std::size_t kSeen = std::size_t{1} << 14;
constexpr std::size_t kWorthIt = 1;  // more blocks than this, and than a quarter of the prompt, make a server familiar
constexpr std::size_t kSlack = 2;    // so much busier a familiar server may be, and an eighth of its limit

}  // namespace

Prefix prefix_of(const Request& r) {
  Prefix out;
  std::uint64_t hash = 0;
  for (const Message& m : r.messages) {
    hash = hash64(m.role, hash);
    for (std::size_t at = 0; at < m.content.size() && out.size() < kMostBlocks; at += kBlock) {
      hash = hash64(std::string_view(m.content).substr(at, kBlock), hash);
      out.push_back(hash);
    }
  }
  return out;
}

Servers::Servers(std::size_t count, const ServerPolicy& policy) : policy_(policy), all_(count) {
  for (Server& s : all_) {
    s.drained = policy.begin_drained;
    s.probe_wait = policy.first_probe;
  }
  if (count > 1) seen_.resize(kSeen);
}

// How many blocks of the prompt a server has seen.
std::size_t Servers::known(const Prefix& prefix, std::size_t server) const {
  for (std::size_t n = prefix.size(); n > 0; --n) {
    const Seen& seen = seen_[prefix[n - 1] % kSeen];
    if (seen.hash == prefix[n - 1] && (seen.servers >> (server % 64) & 1) != 0) return n;
  }
  return 0;
}

std::size_t Servers::prefer_known(const Prefix& prefix, std::size_t best, std::optional<std::size_t> avoid) const {
  const std::size_t busiest = all_[best].in_flight + kSlack + policy_.limit / 8;
  std::size_t most = known(prefix, best) + std::max(kWorthIt, prefix.size() / 4), chosen = best;
  for (std::size_t s = 0; s < all_.size(); ++s) {
    if (!has_room(s) || s == avoid || all_[s].in_flight > busiest) continue;
    if (const std::size_t n = known(prefix, s); n > most) most = n, chosen = s;
  }
  return chosen;
}

void Servers::remember(const Prefix& prefix, std::size_t server) {
  for (const std::uint64_t hash : prefix) {
    Seen& seen = seen_[hash % kSeen];
    if (seen.hash != hash) seen = {hash, 0};
    seen.servers |= std::uint64_t{1} << (server % 64);
  }
}

std::optional<std::size_t> Servers::take(const Prefix& prefix, std::optional<std::size_t> avoid) {
  std::optional<std::size_t> best;
  for (std::size_t i = 0; i < all_.size(); ++i) {
    const std::size_t s = (turn_ + i) % all_.size();
    if (!has_room(s) || s == avoid) continue;
    if (!best || all_[s].in_flight < all_[*best].in_flight) best = s;
  }
  if (!best && avoid && has_room(*avoid)) best = avoid;
  if (!best) return std::nullopt;
  if (!seen_.empty()) {
    best = prefer_known(prefix, *best, avoid);
    remember(prefix, *best);
  }
  turn_ = *best + 1;
  ++all_[*best].in_flight;
  return best;
}

void Servers::drain(Server& s, Time now) {
  s.drained = true;
  s.probe_at = now + s.probe_wait;
  s.probe_wait = std::min(2 * s.probe_wait, policy_.longest_probe);
}

bool Servers::give_back(std::size_t server, Outcome outcome, Time now) {
  Server& s = all_[server];
  if (s.in_flight > 0) --s.in_flight;
  if (outcome == Outcome::kNeutral) return false;
  if (outcome == Outcome::kAnswered) {
    s.failures = 0;
    s.drained = false;
    s.probe_wait = policy_.first_probe;
    return false;
  }
  if (s.drained || ++s.failures < policy_.drain_after) return false;
  drain(s, now);
  return true;
}

std::optional<std::size_t> Servers::probe_due(Time now) {
  for (std::size_t i = 0; i < all_.size(); ++i) {
    Server& s = all_[i];
    if (!s.drained || s.probing || s.probe_at > now) continue;
    s.probing = true;
    return i;
  }
  return std::nullopt;
}

void Servers::probed(std::size_t server, bool alive, Time now) {
  Server& s = all_[server];
  s.probing = false;
  if (!s.drained) return;  // work that was still in flight has answered meanwhile
  if (!alive) {
    drain(s, now);
    return;
  }
  s.drained = false;
  if (s.failures > 0) s.failures = policy_.drain_after - 1;  // one more drains it again, for longer
}

std::optional<Time> Servers::next_probe() const {
  std::optional<Time> next;
  for (const Server& s : all_) {
    if (s.drained && !s.probing && (!next || s.probe_at < *next)) next = s.probe_at;
  }
  return next;
}

bool Servers::all_drained() const {
  return std::ranges::all_of(all_, [](const Server& s) { return s.drained; });
}

}  // namespace rm::generate
