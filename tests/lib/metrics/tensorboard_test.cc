// Event files against what TensorBoard itself writes (goldens/event_files.py, which also reads ours).
#include "lib/metrics/tensorboard.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <limits>
#include <vector>

#include "lib/base/json.h"
#include "lib/metrics/crc32c.h"
#include "lib/metrics/sinks.h"
#include "tests/lib/base/temp_folder.h"

namespace rm::metrics {
namespace {

using tests::from_hex;
using tests::slurp;
using tests::TempFolder;

void each_line(const std::string& name, const std::function<void(json::Value)>& f) {
  std::ifstream in(RM_SOURCE_DIR "/tests/golden/metrics/" + name);
  json::Document document;
  int lines = 0;
  for (std::string line; std::getline(in, line); ++lines) {
    const auto value = document.parse(line);
    REQUIRE(value.ok());
    f(*value);
  }
  REQUIRE(lines > 0);
}

TEST_CASE("CRC-32C of the vectors of RFC 3720, B.4, and of TensorBoard's") {
  std::string up, down;
  for (int i = 0; i < 32; ++i) up += static_cast<char>(i), down += static_cast<char>(31 - i);
  CHECK(crc32c(std::string(32, '\0')) == 0x8A9136AA);
  CHECK(crc32c(std::string(32, '\xFF')) == 0x62A8AB43);
  CHECK(crc32c(up) == 0x46DD794E);
  CHECK(crc32c(down) == 0x113FDB5C);
  each_line("crc32c.jsonl", [](json::Value v) {
    const std::string bytes = from_hex(*v.find("hex")->string());
    CHECK(crc32c(bytes) == *v.find("crc")->integer());
    CHECK(masked_crc32c(bytes) == *v.find("masked")->integer());
  });
}

TEST_CASE("events have the bytes that TensorBoard writes") {
  std::string out;
  each_line("events.jsonl", [&out](json::Value v) {
    const double seconds = *v.find("seconds")->number();
    if (v.find("version")) {
      out += framed(version_event(seconds));
    } else if (const auto start = v.find("start")) {
      out += framed(start_event(seconds, *start->integer()));
    } else {
      Record r(*v.find("scalars")->find("step")->integer());
      v.find("scalars")->each_member([&r](std::string_view name, json::Value n) {
        if (name != "step") r.add(name, n.number().value_or(std::numeric_limits<double>::quiet_NaN()));
      });
      out += framed(scalars_event(seconds, r));
    }
  });
  CHECK(out == slurp(RM_SOURCE_DIR "/tests/golden/metrics/events.tfevents"));
}

TEST_CASE("tags sort training and validation apart") {
  CHECK(tensorboard_tag("loss") == "train/loss");
  CHECK(tensorboard_tag("val_loss") == "val/loss");
  CHECK(tensorboard_tag("value") == "train/value");
}

// Frames of a file: the events' bytes. Fails the test where a frame is not whole.
std::vector<std::string> events_of(const std::string& path) {
  const std::string file = slurp(path);
  std::vector<std::string> out;
  for (std::size_t at = 0; at < file.size();) {
    REQUIRE(file.size() - at >= 16);
    std::uint64_t n = 0;
    std::copy_n(file.data() + at, 8, reinterpret_cast<char*>(&n));
    REQUIRE(file.size() - at >= 16 + n);
    out.push_back(file.substr(at + 12, n));
    CHECK(framed(out.back()) == file.substr(at, 16 + n));
    at += 16 + n;
  }
  return out;
}

TEST_CASE("a run has a file of its own, behind those that are there, and takes back what they said of later steps") {
  TempFolder t;
  const std::string folder = t.path("a/b");
  auto first = EventFile::open(folder);
  REQUIRE(first.ok());
  REQUIRE(first->write(Record(1).add("loss", 1.0)).ok());
  CHECK(events_of(first->path()).size() == 2);  // at once: the version and the step; nothing to take back
  REQUIRE(first->close().ok());
  auto second = EventFile::open(folder, 1), third = EventFile::open(folder);
  REQUIRE(second.ok());
  REQUIRE(third.ok());
  CHECK(first->path() < second->path());
  CHECK(second->path() < third->path());
  for (const auto& [path, step] : {std::pair(second->path(), 2), std::pair(third->path(), 0)}) {
    const auto events = events_of(path);
    REQUIRE(events.size() == 2);
    double seconds = 0;
    std::copy_n(events[1].data() + 1, 8, reinterpret_cast<char*>(&seconds));
    CHECK(events[1] == start_event(seconds, step));
  }
  const std::string name = std::filesystem::path(third->path()).filename().string();
  CHECK(name.starts_with("events.out.tfevents."));
  CHECK(std::ranges::count(name, '.') >= 5);
  CHECK(name.find("." + std::to_string(::getpid()) + ".") != std::string::npos);
}

TEST_CASE("names of other files do not disturb") {
  TempFolder t;
  for (const char* name : {"events.out.tfevents.", "events.out.tfevents.99999999999999999999999.h.1.0",
                           "events.out.tfevents.x", "events.out.tfevents.18446744073709551615.h.1.0", "notes.txt"})
    t.write(name, "x");
  CHECK(EventFile::open(t.path(".")).ok());
  t.write("file", "x");
  CHECK(EventFile::open(t.path("file")).error().exit == Exit::kIo);
  CHECK(EventFile::open(t.path("file/below")).error().exit == Exit::kIo);
}

TEST_CASE("sinks write to both places, or none") {
  TempFolder t;
  auto none = Sinks::open({});
  REQUIRE(none.ok());
  CHECK(none->write(Record(1)).ok());
  CHECK(none->close().ok());
  auto both = Sinks::open({t.path("m.jsonl"), t.path("tb"), std::nullopt});
  REQUIRE(both.ok());
  CHECK(both->write(Record(1).add("loss", 0.5)).ok());
  CHECK(both->close().ok());
  CHECK(slurp(t.path("m.jsonl")) == "{\"step\":1,\"loss\":0.5}\n");
  CHECK(std::distance(std::filesystem::directory_iterator(t.path("tb")), {}) == 1);
  CHECK(Sinks::open({t.path("no/m.jsonl"), "", std::nullopt}).error().exit == Exit::kIo);
}

}  // namespace
}  // namespace rm::metrics
