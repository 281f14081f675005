// Routing over servers, and when to try again: pure functions of what happened and of a clock in the test's hand.
#include <doctest/doctest.h>

#include <string>

#include "lib/generate/retry.h"
#include "lib/generate/servers.h"

using namespace rm;
using namespace rm::generate;
using Outcome = Servers::Outcome;

namespace {

Prefix prompt(const std::string& text) {
  Request r;
  r.messages = {{"system", "s"}, {"user", text}};
  return prefix_of(r);
}

ServerPolicy policy(std::size_t limit = 4) {
  ServerPolicy p;
  p.limit = limit;
  p.drain_after = 2;
  p.first_probe = Millis(100);
  p.longest_probe = Millis(300);
  return p;
}

Time at(int ms) { return Time{} + Millis(ms); }

// Which servers `n` prompts without a common beginning go to, as a string of digits; '-' where none has room.
std::string taken(Servers& s, int n) {
  static int fresh = 0;
  std::string out;
  for (int i = 0; i < n; ++i) {
    const auto server = s.take(prompt("p" + std::to_string(fresh++)), {});
    out += server ? static_cast<char>('0' + *server) : '-';
  }
  return out;
}

}  // namespace

TEST_CASE("work goes to the least busy, in turn, up to each one's limit") {
  Servers s(3, policy(2));
  CHECK(taken(s, 8) == "012012--");
  s.give_back(1, Outcome::kAnswered, at(0));
  CHECK(taken(s, 2) == "1-");
  s.give_back(2, Outcome::kNeutral, at(0));
  s.give_back(2, Outcome::kFailed, at(0));
  s.give_back(0, Outcome::kAnswered, at(0));
  CHECK(taken(s, 3) == "202");
}

TEST_CASE("a prompt that began elsewhere goes there, unless that server is clearly busier") {
  const std::string shared(4000, 'q');
  Servers s(2, policy(64));
  const auto first = s.take(prompt(shared + "1"), {});
  for (int i = 2; i < 12; ++i) CHECK(s.take(prompt(shared + std::to_string(i)), {}) == first);
  CHECK(s.take(prompt(shared + "12"), {}) != first);  // eleven more than the other: too many
  CHECK(s.take(prompt("another"), {}) != first);
  // What both have seen binds to neither, nor does a beginning that is a small part of the prompt.
  Servers both(2, policy(64));
  const auto here = both.take(prompt(shared + "1"), {});
  CHECK(both.take(prompt(shared + "2"), here) != here);
  CHECK(both.take(prompt(shared + "3"), {}) != both.take(prompt(shared + "4"), {}));
  Servers t(2, policy(64));
  const auto one = t.take(prompt(shared), {});
  CHECK(t.take(prompt(shared + std::string(20000, 'r')), {}) != one);
}

TEST_CASE("a request that failed is tried elsewhere, and where it failed only if there is no other room") {
  Servers s(2, policy(1));
  CHECK(s.take(prompt("x"), 0) == 1);
  CHECK(s.take(prompt("x"), 0) == 0);
  CHECK_FALSE(s.take(prompt("x"), 0));
  Servers alone(1, policy(1));
  CHECK(alone.take(prompt("x"), 0) == 0);
}

TEST_CASE("failures in a row drain a server; a probe brings it back") {
  Servers s(2, policy());
  CHECK(taken(s, 4) == "0101");
  CHECK_FALSE(s.give_back(0, Outcome::kFailed, at(0)));
  CHECK(s.give_back(0, Outcome::kFailed, at(10)));
  CHECK(s.drained(0));
  CHECK_FALSE(s.all_drained());
  CHECK(taken(s, 3) == "11-");
  CHECK(s.next_probe() == at(110));
  CHECK_FALSE(s.probe_due(at(109)));
  CHECK(s.probe_due(at(110)) == 0);
  CHECK_FALSE(s.probe_due(at(110)));  // one at a time
  CHECK_FALSE(s.next_probe());
  s.probed(0, false, at(120));
  CHECK(s.next_probe() == at(320));  // twice as long
  CHECK(s.probe_due(at(320)) == 0);
  s.probed(0, false, at(320));
  CHECK(s.next_probe() == at(620));  // but never longer than this
  CHECK(s.probe_due(at(700)) == 0);
  s.probed(0, true, at(700));
  CHECK(taken(s, 1) == "0");
  CHECK(s.give_back(0, Outcome::kFailed, at(800)));  // one failure is enough now
}

TEST_CASE("a success between failures keeps a server") {
  Servers s(1, policy(8));
  CHECK(taken(s, 6) == "000000");
  for (int i = 0; i < 3; ++i) {
    CHECK_FALSE(s.give_back(0, Outcome::kFailed, at(i)));
    CHECK_FALSE(s.give_back(0, Outcome::kAnswered, at(i)));
  }
  CHECK_FALSE(s.drained(0));
}

TEST_CASE("busy and refusing servers are healthy; a late answer revives a drained one") {
  Servers s(1, policy(8));
  CHECK(taken(s, 8) == "00000000");
  for (int i = 0; i < 5; ++i) CHECK_FALSE(s.give_back(0, Outcome::kNeutral, at(i)));
  s.give_back(0, Outcome::kFailed, at(9));
  CHECK(s.give_back(0, Outcome::kFailed, at(9)));
  CHECK(s.all_drained());
  s.give_back(0, Outcome::kAnswered, at(10));
  CHECK_FALSE(s.drained(0));
}

TEST_CASE("servers that begin drained are probed at once") {
  ServerPolicy p = policy();
  p.begin_drained = true;
  Servers s(2, p);
  CHECK(taken(s, 1) == "-");
  CHECK(s.probe_due(at(1)) == 0);
  CHECK(s.probe_due(at(1)) == 1);
  s.probed(1, true, at(2));
  CHECK(taken(s, 1) == "1");
  CHECK_FALSE(s.give_back(1, Outcome::kFailed, at(3)));  // it never failed before
}

TEST_CASE("what a status asks for") {
  struct Row {
    long status;
    ServerWords words;
    Action action;
  };
  for (const Row& r : {
           Row{200, {}, Action::kRead},
           Row{201, {}, Action::kRead},
           Row{0, {}, Action::kRetry},
           Row{301, {}, Action::kElsewhere},
           Row{308, {}, Action::kElsewhere},
           Row{400, {}, Action::kRefused},
           Row{422, {}, Action::kRefused},
           Row{405, {}, Action::kRefused},
           Row{400, {"maximum context length is 4", ""}, Action::kTooLong},
           Row{400, {"no", "context_length_exceeded"}, Action::kTooLong},
           Row{413, {}, Action::kTooLong},
           Row{400, {"no", "model_not_found"}, Action::kNotFound},
           Row{404, {}, Action::kNotFound},
           Row{401, {}, Action::kKey},
           Row{403, {}, Action::kKey},
           Row{429, {"no", "insufficient_quota"}, Action::kKey},
           Row{408, {}, Action::kRetry},
           Row{429, {}, Action::kBusy},
           Row{500, {}, Action::kRetry},
           Row{503, {}, Action::kRetry},
           Row{599, {}, Action::kRetry},
       }) {
    CAPTURE(r.status);
    CAPTURE(r.words.code);
    CHECK(action_for(r.status, r.words) == r.action);
  }
}

TEST_CASE("waits double to a cap, with a random part") {
  Rng rng(1);
  for (int n = 1; n < 70; ++n) {
    const double whole = n > 5 ? 8000 : 250 << (n - 1);
    for (int i = 0; i < 50; ++i) {
      const auto ms = static_cast<double>(back_off(n, rng).count());
      CHECK(ms >= whole / 2);
      CHECK(ms <= whole);
    }
  }
}

TEST_CASE("Retry-After is seconds or a date, within reason") {
  struct Row {
    const char* header;
    long ms;  // -1: unreadable
  };
  constexpr std::time_t kNow = 784'111'777;  // Sun, 06 Nov 1994 08:49:37 GMT (RFC 9110)
  for (const Row& r : {
           Row{"3", 3000},
           Row{" 0.5 ", 500},
           Row{"0", 0},
           Row{"-4", 0},
           Row{"86400", 300'000},
           Row{"1e300", 300'000},
           Row{"Sun, 06 Nov 1994 08:49:37 GMT", 0},
           Row{"Sun, 06 Nov 1994 08:49:39 GMT", 2000},
           Row{"Sun, 06 Nov 1994 08:49:30 GMT", 0},
           Row{"Mon, 07 Nov 1994 08:49:37 GMT", 300'000},
           Row{"Wed, 01 Mar 2000 00:00:00 GMT", 300'000},
           Row{"Sun, 06 Foo 1994 08:49:37 GMT", -1},
           Row{"Sun, 06 Nov 1994 08:49:37 CET", -1},
           Row{"", -1},
           Row{"soon", -1},
           Row{"nan", -1},
       }) {
    CAPTURE(r.header);
    const auto got = retry_after(r.header, kNow);
    REQUIRE(got.has_value() == (r.ms >= 0));
    if (got) CHECK(got->count() == r.ms);
  }
}
