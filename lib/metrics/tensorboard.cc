#include "lib/metrics/tensorboard.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "lib/base/fd.h"
#include "lib/base/number.h"
#include "lib/metrics/crc32c.h"

namespace rm::metrics {
namespace {

constexpr std::string_view kFileName = "events.out.tfevents.";
constexpr std::string_view kVersion = "brain.Event:2";

// Field numbers of the messages.
constexpr unsigned kEventWallTime = 1, kEventStep = 2, kEventFileVersion = 3, kEventSummary = 5, kEventSessionLog = 7;
constexpr unsigned kSummaryValue = 1, kValueTag = 1, kValueSimple = 2, kSessionLogStatus = 1;
constexpr std::uint64_t kStart = 1;  // SessionLog.SessionStatus
constexpr unsigned kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5;

// Writes one message in the wire format of protocol buffers; fields in the order of their numbers, zeros left out as proto3
// does.
class Message {
 public:
  Message& integer(unsigned field, std::uint64_t v) {
    if (v != 0) key(field, kVarint).varint(v);
    return *this;
  }
  Message& real(unsigned field, double v) {
    return std::bit_cast<std::uint64_t>(v) == 0 ? *this : key(field, kFixed64).lie(v);
  }
  Message& chosen(unsigned field, float v) { return key(field, kFixed32).lie(v); }  // of a oneof: zero is written too
  Message& bytes(unsigned field, std::string_view v) {
    key(field, kBytes).varint(v.size());
    out_.append(v);
    return *this;
  }
  std::string take() { return std::move(out_); }

 private:
  Message& key(unsigned field, unsigned type) { return varint(field << 3 | type); }
  Message& varint(std::uint64_t v) {
    for (; v >= 0x80; v >>= 7) out_ += static_cast<char>(v | 0x80);
    out_ += static_cast<char>(v);
    return *this;
  }
  template <class T>
  Message& lie(T v) {  // little-endian, as base/checked asserts
    std::array<char, sizeof v> raw{};
    std::memcpy(raw.data(), &v, sizeof v);
    out_.append(raw.data(), raw.size());
    return *this;
  }
  std::string out_;
};

Message event(double seconds, std::int64_t step) {
  Message out;
  out.real(kEventWallTime, seconds).integer(kEventStep, static_cast<std::uint64_t>(step));
  return out;
}

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

std::string host_name() {
  std::array<char, 256> raw{};
  if (::gethostname(raw.data(), raw.size() - 1) != 0) return "host";
  std::string out(raw.data());
  std::ranges::replace_if(
      out, [](unsigned char c) { return (std::isalnum(c) == 0 || c >= 0x80) && c != '-' && c != '_' && c != '.'; },
      '_');
  return out.empty() ? "host" : out;
}

// The greatest time in the names of event files there; empty where there are none. Readers take files in order of names.
Result<std::optional<std::uint64_t>> latest_in(const std::string& folder) {
  namespace fs = std::filesystem;
  std::optional<std::uint64_t> latest;
  std::error_code error;
  for (fs::directory_iterator at(folder, error), end; !error && at != end; at.increment(error)) {
    const std::string name = at->path().filename().string();
    if (!name.starts_with(kFileName)) continue;
    const std::string_view rest = std::string_view(name).substr(kFileName.size());
    latest = std::max(latest.value_or(0), parse_unsigned(rest.substr(0, rest.find('.'))).value_or(0));
  }
  if (error) return fd::system_error(Exit::kIo, error.value(), "cannot list the folder", folder);
  return latest;
}

std::string path_in(const std::string& folder, std::uint64_t seconds) {
  static std::atomic<int> opened = 0;
  return folder + "/" + std::string(kFileName) + format_padded(seconds, 10) + "." + host_name() + "." +
         std::to_string(::getpid()) + "." + std::to_string(opened++);
}

}  // namespace

std::string tensorboard_tag(std::string_view name) {
  if (name.starts_with(kValidationPrefix)) return "val/" + std::string(name.substr(kValidationPrefix.size()));
  return "train/" + std::string(name);
}

std::string version_event(double seconds) { return event(seconds, 0).bytes(kEventFileVersion, kVersion).take(); }

std::string start_event(double seconds, std::int64_t step) {
  return event(seconds, step).bytes(kEventSessionLog, Message().integer(kSessionLogStatus, kStart).take()).take();
}

std::string scalars_event(double seconds, const Record& r) {
  Message summary;
  for (const Record::Field& f : r.fields()) {
    summary.bytes(kSummaryValue, Message()
                                     .bytes(kValueTag, tensorboard_tag(f.name))
                                     .chosen(kValueSimple, static_cast<float>(f.number()))
                                     .take());
  }
  return event(seconds, r.step()).bytes(kEventSummary, summary.take()).take();
}

std::string framed(std::string_view data) {
  const auto raw = [](auto v) {
    std::string out(sizeof v, '\0');
    std::memcpy(out.data(), &v, sizeof v);
    return out;
  };
  const std::string length = raw(static_cast<std::uint64_t>(data.size()));
  return length + raw(masked_crc32c(length)) + std::string(data) + raw(masked_crc32c(data));
}

Result<EventFile> EventFile::open(const std::string& folder, std::optional<std::int64_t> resumed) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fd::system_error(Exit::kIo, error.value(), "cannot make the folder", folder);
  RM_ASSIGN(const std::optional<std::uint64_t> latest, latest_in(folder));
  const double now = seconds_now();
  std::string path = path_in(folder, std::max(static_cast<std::uint64_t>(now), latest.value_or(0) + 1));
  RM_ASSIGN(AppendFile file, AppendFile::open(path, 0));
  EventFile out(std::move(path), std::move(file));
  std::string head = framed(version_event(now));
  if (resumed || latest) head += framed(start_event(now, resumed ? *resumed + 1 : 0));
  RM_TRY(out.file_.append(head));
  return out;
}

Result<void> EventFile::write(const Record& r) { return file_.append(framed(scalars_event(seconds_now(), r))); }

Result<void> EventFile::close() { return file_.close(); }

}  // namespace rm::metrics
