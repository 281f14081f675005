#include "lib/records/lines.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <thread>
#include <vector>

#include "lib/base/limits.h"
#include "lib/base/rng.h"
#include "tests/lib/base/temp_folder.h"
#include "tests/lib/records/compressed.h"

namespace {

using rm::Exit;
using rm::records::Line;
using rm::records::Lines;
using rm::records::parse_line;
using rm::records::Shard;
using rm::tests::gzip;
using rm::tests::TempFolder;
using rm::tests::zstd;

struct Read {
  std::vector<std::string> texts;
  std::vector<std::uint64_t> numbers;
  std::string error;  // reason, empty at a clean end
  Exit exit = Exit::kDone;
};

Read read_all(const std::string& path, const Shard& shard = {}) {
  Read out;
  auto lines = Lines::open(path, shard);
  if (!lines) return {{}, {}, lines.error().reason, lines.error().exit};
  Line line;
  for (;;) {
    auto more = lines->next(line);
    if (!more) {
      out.error = more.error().reason;
      out.exit = more.error().exit;
      return out;
    }
    if (!*more) return out;
    out.texts.push_back(line.text);
    out.numbers.push_back(line.number);
  }
}

std::string reason_of(std::string text, bool terminated = true) {
  Line line;
  line.number = 3;
  line.text = std::move(text);
  line.terminated = terminated;
  rm::json::Document doc;
  const auto v = parse_line(doc, line, "p.jsonl");
  return v ? "" : v.error().reason;
}

}  // namespace

TEST_CASE("lines come out without their ends, blank ones only count") {
  TempFolder t;
  struct Row {
    const char* text;
    std::vector<std::string> lines;
    std::vector<std::uint64_t> numbers;
  };
  const Row rows[] = {{"", {}, {}},
                      {"\n\n", {}, {}},
                      {"a\nb\n", {"a", "b"}, {1, 2}},
                      {"a\r\n\r\n \t\nb", {"a", "b"}, {1, 4}},
                      {"\xEF\xBB\xBF{}\n", {"{}"}, {1}},
                      {"\xEF\xBB\xBF", {}, {}},
                      {"a\n\xEF\xBB\xBF{}\n", {"a", "\xEF\xBB\xBF{}"}, {1, 2}}};
  for (const Row& r : rows) {
    CAPTURE(r.text);
    for (const std::string& data : {std::string(r.text), zstd(r.text), gzip(r.text)}) {
      const Read got = read_all(t.write("f", data));
      CHECK(got.error.empty());
      CHECK(got.texts == r.lines);
      CHECK(got.numbers == r.numbers);
    }
  }
}

TEST_CASE("offsets and the missing last newline are told") {
  TempFolder t;
  auto lines = Lines::open(t.write("f", "ab\n\ncde"));
  Line line;
  REQUIRE(*lines->next(line));
  CHECK(line.byte == 0);
  CHECK(line.end == 3);
  CHECK(line.terminated);
  REQUIRE(*lines->next(line));
  CHECK(line.byte == 4);
  CHECK(line.end == 7);
  CHECK_FALSE(line.terminated);
  CHECK_FALSE(*lines->next(line));
  CHECK_FALSE(*lines->next(line));
}

TEST_CASE("UTF-16 is refused at once") {
  TempFolder t;
  for (const std::string_view text :
       {std::string_view("\xFF\xFE{\0", 4), std::string_view("\xFE\xFF\0{", 4), std::string_view("{\0}\0", 4)}) {
    const auto r = Lines::open(t.write("f", text));
    REQUIRE_FALSE(r.ok());
    CHECK(r.error().exit == Exit::kInput);
    CHECK(r.error().message.find("not UTF-8 (UTF-16?)") == 0);
  }
}

TEST_CASE("a missing file and a folder are input errors") {
  TempFolder t;
  CHECK(read_all(t.path("none")).exit == Exit::kInput);
  CHECK(read_all(t.path("")).exit == Exit::kInput);
}

TEST_CASE("contents decide about compression, never the name") {
  TempFolder t;
  CHECK(read_all(t.write("plain.zst", "a\nb\n")).texts == std::vector<std::string>{"a", "b"});
  CHECK(read_all(t.write("plain.gz", "a\n")).texts == std::vector<std::string>{"a"});
  CHECK(read_all(t.write("x.jsonl", zstd("a\nb\n"))).texts == std::vector<std::string>{"a", "b"});
  CHECK(read_all(t.write("x.txt", gzip("a\nb\n"))).texts == std::vector<std::string>{"a", "b"});
}

TEST_CASE("joined and skippable frames are one stream") {
  TempFolder t;
  const std::string skippable("\x5A\x2A\x4D\x18\x03\x00\x00\x00xyz", 11);
  const std::vector<std::string> wanted{"a", "bc", "d"};
  CHECK(read_all(t.write("f", zstd("a\nb") + skippable + zstd("") + zstd("c\nd\n") + skippable)).texts == wanted);
  CHECK(read_all(t.write("f", skippable + zstd("a\nbc\nd\n"))).texts == wanted);
  CHECK(read_all(t.write("f", gzip("a\nb") + gzip("") + gzip("c\nd\n"))).texts == wanted);
}

TEST_CASE("a compressed file cut at any byte gives its whole lines, then the reason") {
  TempFolder t;
  std::string text;
  std::vector<std::string> all;
  for (int i = 0; i < 3000; ++i) {
    all.push_back("{\"n\":" + std::to_string(i * 7919 % 10007) + "}");
    text += all.back() + "\n";
  }
  for (const bool with_zstd : {true, false}) {
    CAPTURE(with_zstd);
    // Two frames, so that a cut may fall between them.
    const std::size_t half = text.find('\n', text.size() / 2) + 1;
    const std::string first = with_zstd ? zstd(text.substr(0, half)) : gzip(text.substr(0, half));
    const std::string whole = first + (with_zstd ? zstd(text.substr(half)) : gzip(text.substr(half)));
    const std::size_t step = with_zstd ? 1 : 7;
    std::size_t most = 0;
    for (std::size_t n = 2; n < whole.size(); n += step) {
      const Read got = read_all(t.write("f", std::string_view(whole).substr(0, n)));
      const bool between = n == first.size();
      CHECK_UNARY(got.error == (between ? "" : "truncated_frame"));
      CHECK_UNARY(between || got.exit == Exit::kInput);
      CHECK_UNARY(got.texts.size() <= all.size() && std::equal(got.texts.begin(), got.texts.end(), all.begin()));
      most = std::max(most, got.texts.size());
    }
    CHECK(most > all.size() / 2);
    CHECK(read_all(t.write("f", whole)).texts == all);
  }
}

TEST_CASE("damage in a frame ends the input with its reason") {
  TempFolder t;
  std::string bad = zstd("a\nb\n");
  bad.back() = static_cast<char>(bad.back() ^ 1);  // the last byte of the checksum
  CHECK(read_all(t.write("f", bad)).error == "bad_frame");
  CHECK(read_all(t.write("f", zstd("a\n") + "rubbish behind it")).error == "bad_frame");
  std::string gz = gzip("a\nb\n");
  gz[gz.size() - 6] = static_cast<char>(gz[gz.size() - 6] ^ 1);
  CHECK(read_all(t.write("f", gz)).error == "bad_frame");
  // A frame that asks for a window of 2^31, then one of exactly the limit with an empty last block.
  const Read wide = read_all(t.write("f", std::string_view("\x28\xB5\x2F\xFD\x00\xA8\x01\x00\x00", 9)));
  CHECK(wide.error == "bad_frame");
  CHECK(wide.exit == Exit::kInput);
  CHECK(read_all(t.write("f", std::string_view("\x28\xB5\x2F\xFD\x00\x88\x01\x00\x00", 9))).error.empty());
}

TEST_CASE("a damaged compressed file ends in a reason or in lines, never in a crash") {
  TempFolder t;
  std::string text;
  for (int i = 0; i < 200; ++i) text += "{\"n\":" + std::to_string(i * 7919 % 10007) + "}\n";
  rm::Rng rng(1);
  for (int i = 0; i < 600; ++i) {
    std::string data = i % 2 == 0 ? zstd(text) : gzip(text);
    for (std::uint64_t flips = 1 + rng.below(3); flips > 0; --flips)
      data[rng.below(data.size())] = static_cast<char>(rng.below(256));
    const Read got = read_all(t.write("f", data));
    CHECK_UNARY(got.error.empty() || got.error == "bad_frame" || got.error == "truncated_frame" ||
                got.error == "bad_utf8");
  }
}

TEST_CASE("a line over the limit is passed over without being held") {
  TempFolder t;
  rusage before{}, after{};
  const std::string line = std::string(rm::limits::kLineBytes + 1, 'x');
  const std::string bomb = "{\"a\":1}\n" + line + line + line + line + "\n{\"b\":2}\n";
  const std::string path = t.write("f", zstd(bomb));
  ::getrusage(RUSAGE_SELF, &before);
  auto lines = Lines::open(path);
  Line got;
  REQUIRE(*lines->next(got));
  REQUIRE(*lines->next(got));
  REQUIRE(got.error);
  CHECK(got.error->reason == "line_too_long");
  CHECK(got.text == std::string(rm::limits::kErrorTextBytes, 'x'));
  CHECK(got.number == 2);
  REQUIRE(*lines->next(got));
  CHECK(got.text == "{\"b\":2}");
  CHECK(got.number == 3);
  CHECK_FALSE(got.error);
  ::getrusage(RUSAGE_SELF, &after);
  CHECK(after.ru_maxrss - before.ru_maxrss < 200 * 1024);
  // Exactly the limit is a line.
  const Read exact = read_all(t.write("f", std::string(rm::limits::kLineBytes, 'y') + "\n"));
  REQUIRE(exact.texts.size() == 1);
  CHECK(exact.texts[0].size() == rm::limits::kLineBytes);
}

TEST_CASE("standard input may arrive byte by byte") {
  int p[2];
  REQUIRE(::pipe(p) == 0);
  const int saved = ::dup(0);
  ::dup2(p[0], 0);
  std::thread writer([&] {
    for (const char c : std::string("\xEF\xBB\xBF{\"a\":1}\n{\"b\":2}")) {
      if (::write(p[1], &c, 1) != 1) break;
    }
    ::close(p[1]);
  });
  const Read got = read_all("-");
  writer.join();
  ::dup2(saved, 0);
  ::close(saved);
  ::close(p[0]);
  CHECK(got.texts == std::vector<std::string>{"{\"a\":1}", "{\"b\":2}"});
}

TEST_CASE("ranges of a file join to the whole, with its line numbers") {
  TempFolder t;
  for (const std::string& text :
       {std::string("a\nbb\n\nccc\r\ndddd\ne"), std::string("\xEF\xBB\xBFx\ny\n"), std::string("one long line"),
        std::string("\n\n\n"), std::string("a\n") + std::string(600000, 'b') + "\nc\n"}) {
    const std::string path = t.write("f", text);
    const Read whole = read_all(path);
    for (std::uint64_t count : {1, 2, 3, 5, 40}) {
      CAPTURE(count);
      Read joined;
      for (std::uint64_t i = 0; i < count; ++i) {
        const Read part = read_all(path, {i, count, false});
        CHECK(part.error.empty());
        joined.texts.insert(joined.texts.end(), part.texts.begin(), part.texts.end());
        joined.numbers.insert(joined.numbers.end(), part.numbers.begin(), part.numbers.end());
      }
      CHECK_UNARY(joined.texts == whole.texts);
      CHECK(joined.numbers == whole.numbers);
    }
  }
}

TEST_CASE("the share of a file that was read grows to one, in a shard too, and a pipe has none") {
  TempFolder t;
  std::string text;
  for (int i = 0; i < 100000; ++i) text += "{\"i\":" + std::to_string(i) + "}\n";
  const std::string path = t.write("f", text);
  for (const Shard& shard : {Shard{}, Shard{1, 3, false}}) {
    auto lines = Lines::open(path, shard);
    Line line;
    double last = 0;
    bool grows = true;
    while (*lines->next(line)) {
      grows = grows && *lines->fraction() >= last;
      last = *lines->fraction();
    }
    CHECK(grows);
    CHECK(last == doctest::Approx(1.0).epsilon(0.001));
  }
  CHECK_FALSE(Lines::open("/dev/null")->fraction());
}

TEST_CASE("hash shards part any input without loss, whatever its line ends") {
  TempFolder t;
  std::string unix, dos;
  for (int i = 0; i < 500; ++i) {
    unix += "{\"i\":" + std::to_string(i) + "}\n";
    dos += "{\"i\":" + std::to_string(i) + "}\r\n";
  }
  std::size_t total = 0;
  for (std::uint64_t i = 0; i < 3; ++i) {
    const Read a = read_all(t.write("a", zstd(unix)), {i, 3, true}), b = read_all(t.write("b", dos), {i, 3, true});
    CHECK(a.texts == b.texts);
    CHECK(a.texts.size() > 100);
    total += a.texts.size();
  }
  CHECK(total == 500);
  CHECK(read_all(t.write("a", zstd(unix)), {0, 3, false}).exit == Exit::kUsage);
}

TEST_CASE("a line is one object or a failure that says why") {
  CHECK(reason_of("{\"a\":1}").empty());
  CHECK(reason_of(" {\"a\":1} ", false).empty());
  CHECK(reason_of("[1]") == "not_object");
  CHECK(reason_of("{} {}") == "bad_json");
  CHECK(reason_of("{\"a\":\"\xFF\"}") == "bad_utf8");
  CHECK(reason_of("{\"winner\":1,\"winner\":2}") == "repeated_key");
  CHECK(reason_of("\xEF\xBB\xBF{}") == "bad_json");
  CHECK(reason_of("{\"a\":\"cut mid-str", false) == "truncated_line");
  CHECK(reason_of("{\"a\":\"cut mid-str", true) == "bad_json");
  CHECK(reason_of("{\"a\":\"\xE6\xBC", false) == "truncated_line");
  CHECK(reason_of("{\"a\":1}x", false) == "bad_json");
  Line line;
  line.number = 1204;
  line.text = "{\"chosen\": nope}";
  rm::json::Document doc;
  CHECK(parse_line(doc, line, "pairs.jsonl").error().where == "pairs.jsonl:1204:11");
}
