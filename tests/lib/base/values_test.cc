// The small pure parts: numbers, hashes, random numbers, escapes, UTF-8 steps, the progress line.
#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <fstream>
#include <set>
#include <sstream>

#include "lib/base/escape.h"
#include "lib/base/hash.h"
#include "lib/base/number.h"
#include "lib/base/progress.h"
#include "lib/base/rng.h"
#include "lib/base/signals.h"
#include "lib/base/utf8_scan.h"

TEST_CASE("numbers are read whole or not at all") {
  CHECK(rm::parse_int("-12") == -12);
  CHECK_FALSE(rm::parse_int("12 "));
  CHECK_FALSE(rm::parse_int("+1"));
  CHECK_FALSE(rm::parse_int(""));
  CHECK_FALSE(rm::parse_int("9223372036854775808"));
  CHECK(rm::parse_unsigned("18446744073709551615") == 18446744073709551615u);
  CHECK_FALSE(rm::parse_unsigned("-1"));
  CHECK(rm::parse_double("1e-3") == 1e-3);
  CHECK_FALSE(rm::parse_double("1,5"));
  CHECK_FALSE(rm::parse_double("inf"));
  CHECK_FALSE(rm::parse_double("nan"));
}

TEST_CASE("numbers are shown for people") {
  CHECK(rm::format_grouped(0) == "0");
  CHECK(rm::format_grouped(999) == "999");
  CHECK(rm::format_grouped(4831838208u) == "4,831,838,208");
  CHECK(rm::format_fixed(0.125, 2) == "0.12");
  CHECK(rm::format_fixed(-1.5, 0) == "-2");
  CHECK(rm::format_bytes(1023) == "1023 B");
  CHECK(rm::format_bytes(4831838208u) == "4.5 GiB");
  CHECK(rm::format_duration(12.4) == "12s");
  CHECK(rm::format_duration(185) == "3m05s");
  CHECK(rm::format_duration(7800) == "2h10m");
  CHECK(rm::format_duration(std::nan("")) == "?");
}

TEST_CASE("hashes are the published ones") {
  CHECK(rm::hex64(rm::hash64("")) == "ef46db3751d8e999");              // XXH64 of nothing, seed 0
  CHECK(rm::hash128("").hex() == "99aa06d3014798d86001c324468d497f");  // XXH3-128 of nothing
  CHECK(rm::ContentHash().add("ab").add("c").digest() != rm::ContentHash().add("a").add("bc").digest());
  CHECK(rm::ContentHash().add("").digest() != rm::ContentHash().digest());
  CHECK(rm::ContentHash().add("x").digest() == rm::ContentHash().add("x").digest());
}

TEST_CASE("a hash of bytes as they come is the hash of them all") {
  CHECK(rm::StreamHash().digest().hex() == "99aa06d3014798d86001c324468d497f");
  std::string all;
  for (int i = 0; i < 5000; ++i) all += static_cast<char>(i * 37 % 251);
  for (const std::size_t cut : {1u, 7u, 64u, 1024u, 4999u}) {
    CAPTURE(cut);
    rm::StreamHash h;
    for (std::size_t at = 0; at < all.size(); at += cut) h.add(std::string_view(all).substr(at, cut)).digest();
    CHECK(h.digest() == rm::hash128(all));
  }
}

TEST_CASE("random numbers are numpy's Philox, from any position") {
  std::ifstream golden(std::string(RM_SOURCE_DIR) + "/tests/golden/base/philox.txt");
  REQUIRE(golden);
  std::string row;
  while (std::getline(golden, row)) {
    std::istringstream in(row);
    std::uint64_t seed = 0, draw = 0;
    in >> seed;
    rm::Rng rng(seed);
    for (std::uint64_t at = 0; in >> draw; ++at) {
      CHECK(rng.next() == draw);
      CHECK(rm::Rng(seed, at).next() == draw);
      CHECK(rng.position() == at + 1);
    }
  }
}

TEST_CASE("distributions have their means and bounds") {
  rm::Rng rng(7);
  double sum = 0, normal = 0, square = 0;
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) {
    const double u = rng.uniform(), n = rng.normal();
    CHECK_UNARY(u >= 0 && u < 1);
    sum += u, normal += n, square += n * n;
    CHECK_UNARY(rng.below(3) < 3);
  }
  CHECK(std::abs(sum / kDraws - 0.5) < 0.01);
  CHECK(std::abs(normal / kDraws) < 0.03);
  CHECK(std::abs(square / kDraws - 1) < 0.05);
  CHECK(rng.below(0) == 0);
  CHECK(rng.below(1) == 0);
  std::set<std::uint64_t> seeds;
  for (std::uint64_t a = 0; a < 100; ++a)
    seeds.insert({rm::derive_seed(0, a), rm::derive_seed(0, a, 1), rm::derive_seed(1, a)});
  CHECK(seeds.size() == 300);
}

TEST_CASE("messages cannot steer a terminal") {
  struct Row {
    std::string_view in;
    const char* out;
  };
  for (const Row& r :
       {Row{"plain é 漢 😀 \\n", "plain é 漢 😀 \\n"}, Row{"a\nb\tc\r", "a\\nb\\tc\\r"},
        Row{"\x1b[31mred", "\\x1b[31mred"}, Row{std::string_view("\0\x7f", 2), "\\x00\\x7f"}, Row{"\xC2\x9B", "\\x9b"},
        Row{"\xE2\x80\xAE", "\\u202e"}, Row{"\xFF\xC3", "\\xff\\xc3"}, Row{"%s%n{}", "%s%n{}"}}) {
    CHECK(rm::escape_text(r.in) == r.out);
  }
  CHECK(rm::escape_text("漢漢漢", 4) == "漢...");
  CHECK(rm::escape_text(std::string(1000000, 'y'), 4) == "yyyy...");
}

TEST_CASE("a cut never lands inside a character") {
  const std::string text = "aé漢😀\xF0\x9F";
  const std::size_t wanted[] = {0, 1, 1, 3, 3, 3, 6, 6, 6, 6, 10};
  for (std::size_t n = 0; n <= 10; ++n) {
    CAPTURE(n);
    CHECK(rm::utf8_floor(text, n) == wanted[n]);
  }
  CHECK(rm::utf8_floor(text, 100) == text.size());
}

TEST_CASE("the progress line tells rate, time left and what went wrong") {
  rm::Progress p({.quiet = true});
  CHECK(p.line(0, 0, 0, {}, 1) == "0 records");
  CHECK(p.line(50, 0, 0, 0.5, 10) == "50 records, 5.0/s, 10s left");
  p.set_total(1000);
  CHECK(p.line(100, 1, 2, {}, 10) == "100/1,000 records, 10.0/s, 1m30s left, 1 failed, 2 unparsed");
  p.skip(90);
  p.note("12 tok/s");
  CHECK(p.line(100, 0, 0, {}, 100) == "100/1,000 records, 6.0/min, 2h30m left, 12 tok/s");
}

TEST_CASE("the progress line is redrawn ten times a second at most and leaves nothing behind") {
  int p[2];
  REQUIRE(::pipe(p) == 0);
  const auto start = std::chrono::steady_clock::now();
  {
    rm::Progress shown({.fd = p[1], .force = true});
    for (int i = 0; i < 1000; ++i) shown.update(static_cast<std::uint64_t>(i), 0, 0);
    rm::Progress hidden({.fd = p[1]});  // a pipe is no terminal
    hidden.update(1, 0, 0);
  }
  ::close(p[1]);
  std::string out(65536, '\0');
  out.resize(static_cast<std::size_t>(::read(p[0], out.data(), out.size())));
  ::close(p[0]);
  const std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  CHECK(static_cast<double>(std::count(out.begin(), out.end(), '\r')) <= 10 * spent.count() + 2);
  CHECK(out.find("\r\x1b[K0 records") == 0);
  CHECK(out.substr(out.size() - 4) == "\r\x1b[K");
}

TEST_CASE("colour is wanted where it is asked for") {
  CHECK(rm::want_color("always", 1));
  CHECK_FALSE(rm::want_color("never", 1));
}

TEST_CASE("a stop request is remembered with its exit code") {
  CHECK_FALSE(rm::signals::stop_requested());
  CHECK(rm::signals::stop_exit() == rm::Exit::kDone);
  rm::signals::request_stop(rm::Exit::kInterrupted);
  CHECK(rm::signals::stop_requested());
  CHECK(rm::signals::stop_error().exit == rm::Exit::kInterrupted);
  rm::signals::request_stop(rm::Exit::kDone);
  CHECK_FALSE(rm::signals::stop_requested());
}
