// Which of several servers gets a request: the least busy one, its cache of prompts and its health considered.
//
// Pure bookkeeping: no I/O, and the clock comes in as an argument. A server that fails several times in a row is drained:
// it gets no work until a probe of it succeeds; probes come at growing intervals. A server may also begin drained, to be
// probed before its first work. Prompts are remembered by their beginnings, in bounded memory: a request goes where much more
// of its prompt was seen than at the least busy server, unless it is clearly busier there. One thread.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "lib/generate/generator.h"

namespace rm::generate {

using Clock = std::chrono::steady_clock;
using Time = Clock::time_point;
using Millis = std::chrono::milliseconds;

// Hashes of a prompt's beginnings, each a block longer than the one before.
using Prefix = std::vector<std::uint64_t>;
Prefix prefix_of(const Request& r);

struct ServerPolicy {
  std::size_t limit = 64;  // requests in flight on one server
  int drain_after = 5;     // failures in a row
  Millis first_probe{500}, longest_probe{8000};
  bool begin_drained = false;  // the first probe is due at once
};

class Servers {
 public:
  enum class Outcome {
    kAnswered,  // a reply that served: the server is healthy
    kFailed,    // no connection, a time-out, a broken or senseless reply
    kNeutral,   // says nothing of its health: busy (429), refused the request, given up by us
  };

  Servers(std::size_t count, const ServerPolicy& policy);

  // A server with room, and counts the request in; empty where none has. `avoid` is taken only when no other has room.
  std::optional<std::size_t> take(const Prefix& prefix, std::optional<std::size_t> avoid);
  // The request is over. True when this drained the server just now.
  bool give_back(std::size_t server, Outcome outcome, Time now);

  // A drained server whose probe is due; counted as being probed until probed() is called for it.
  std::optional<std::size_t> probe_due(Time now);
  void probed(std::size_t server, bool alive, Time now);
  std::optional<Time> next_probe() const;  // of those not being probed; empty: none waits for one

  std::size_t count() const { return all_.size(); }
  std::size_t in_flight(std::size_t server) const { return all_[server].in_flight; }
  bool drained(std::size_t server) const { return all_[server].drained; }
  bool all_drained() const;

 private:
  struct Server {
    std::size_t in_flight = 0;
    int failures = 0;
    bool drained = false, probing = false;
    Time probe_at{};
    Millis probe_wait{};
  };
  struct Seen {
    std::uint64_t hash = 0;
    std::uint64_t servers = 0;  // a bit each; beyond 64 servers bits are shared
  };
  bool has_room(std::size_t s) const { return !all_[s].drained && all_[s].in_flight < policy_.limit; }
  std::size_t known(const Prefix& prefix, std::size_t server) const;
  std::size_t prefer_known(const Prefix& prefix, std::size_t best, std::optional<std::size_t> avoid) const;
  void remember(const Prefix& prefix, std::size_t server);
  void drain(Server& s, Time now);

  ServerPolicy policy_;
  std::vector<Server> all_;
  std::vector<Seen> seen_;  // a table by the hash's low bits; a newer prompt overwrites
  std::size_t turn_ = 0;    // where the search for the least busy begins, so that equals take turns
};

}  // namespace rm::generate
