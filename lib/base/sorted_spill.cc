#include "lib/base/sorted_spill.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <queue>

#include "lib/base/escape.h"

namespace rm {
namespace {

constexpr std::size_t kHead = 12;  // key and size before each text of a run
constexpr std::size_t kLeastBuffer = 64u << 10, kMostBuffer = 1u << 20;
constexpr std::size_t kWrite = 1u << 20;

std::string default_folder() {
  const char* set = std::getenv("TMPDIR");
  return set != nullptr && *set != '\0' ? set : "/var/tmp";
}

// One run, read from its beginning to its end.
class RunReader {
 public:
  RunReader(int file, std::uint64_t begin, std::uint64_t end, std::size_t buffer, const std::string& name)
      : file_(file), at_(begin), end_(end), want_(buffer), name_(name) {}

  // The next text; false at the end. The text lives until the next call.
  Result<bool> next() {
    if (at_ == end_ && begin_ == data_.size()) return false;
    RM_TRY(have(kHead));
    std::uint32_t size = 0;
    std::memcpy(&key_, data_.data() + begin_, sizeof key_);
    std::memcpy(&size, data_.data() + begin_ + sizeof key_, sizeof size);
    RM_TRY(have(kHead + size));
    text_ = std::string_view(data_).substr(begin_ + kHead, size);
    begin_ += kHead + size;
    return true;
  }
  std::uint64_t key() const { return key_; }
  std::string_view text() const { return text_; }

 private:
  Result<void> have(std::size_t n) {
    if (data_.size() - begin_ >= n) return {};
    data_.erase(0, begin_);
    begin_ = 0;
    const std::size_t old = data_.size();
    const std::size_t more = std::min<std::uint64_t>(std::max(want_, n - old), end_ - at_);
    data_.resize(old + more);
    RM_TRY(fd::read_at(file_, at_, std::as_writable_bytes(std::span(data_).subspan(old)), name_, Exit::kIo));
    at_ += more;
    return {};
  }

  int file_;
  std::uint64_t at_, end_;
  std::size_t want_;
  const std::string& name_;
  std::string data_;
  std::size_t begin_ = 0;
  std::uint64_t key_ = 0;
  std::string_view text_;
};

}  // namespace

SortedSpill::SortedSpill(std::size_t memory, std::string folder) : memory_(memory), folder_(std::move(folder)) {
  if (folder_.empty()) folder_ = default_folder();
  name_ = "temporary file in " + escape_text(folder_);
}

Result<void> SortedSpill::add(std::uint64_t key, std::string_view text) {
  if (!entries_.empty() && arena_.size() + text.size() + (entries_.size() + 1) * sizeof(Entry) > memory_) {
    RM_TRY(spill());
  }
  entries_.push_back({key, arena_.size(), static_cast<std::uint32_t>(text.size())});
  arena_.append(text);
  return {};
}

Result<void> SortedSpill::open_file() {
  int number = ::open(folder_.c_str(), O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
  if (number < 0 && (errno == EOPNOTSUPP || errno == EISDIR || errno == EINVAL)) {
    std::string path = folder_ + "/rm-r1.XXXXXX";
    number = ::mkostemp(path.data(), O_CLOEXEC);
    if (number >= 0) ::unlink(path.c_str());
  }
  if (number < 0) return fd::system_error(Exit::kIo, errno, "cannot be made (TMPDIR names another folder)", name_);
  file_ = fd::Fd(number);
  return {};
}

Result<void> SortedSpill::spill() {
  if (!file_) RM_TRY(open_file());
  std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.key < b.key; });
  const std::uint64_t begin = file_size_;
  std::string buffer;
  buffer.reserve(kWrite + kHead);
  auto send = [&]() -> Result<void> {
    auto written = fd::write_all(file_.number(), buffer, name_);
    if (!written) {
      Error e = written.error();
      e.message += " (TMPDIR names another folder)";
      return e;
    }
    file_size_ += buffer.size();
    buffer.clear();
    return {};
  };
  for (const Entry& e : entries_) {
    char head[kHead];
    std::memcpy(head, &e.key, sizeof e.key);
    std::memcpy(head + sizeof e.key, &e.size, sizeof e.size);
    buffer.append(head, kHead).append(text(e));
    if (buffer.size() >= kWrite) RM_TRY(send());
  }
  RM_TRY(send());
  runs_.push_back({begin, file_size_});
  entries_.clear();
  arena_.clear();
  return {};
}

Result<void> SortedSpill::each(const std::function<Result<void>(std::string_view)>& f) {
  if (!runs_.empty()) {
    if (!entries_.empty()) RM_TRY(spill());
    std::string().swap(arena_);
    std::vector<Entry>().swap(entries_);
    return merge(f);
  }
  std::stable_sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) { return a.key < b.key; });
  for (const Entry& e : entries_) RM_TRY(f(text(e)));
  return {};
}

Result<void> SortedSpill::merge(const std::function<Result<void>(std::string_view)>& f) {
  const std::size_t buffer = std::clamp(memory_ / runs_.size(), kLeastBuffer, kMostBuffer);
  std::vector<RunReader> readers;
  readers.reserve(runs_.size());
  using Top = std::pair<std::uint64_t, std::size_t>;  // key, then run: the earlier run was added earlier
  std::priority_queue<Top, std::vector<Top>, std::greater<>> next;
  for (std::size_t i = 0; i < runs_.size(); ++i) {
    readers.emplace_back(file_.number(), runs_[i].begin, runs_[i].end, buffer, name_);
    RM_ASSIGN(const bool more, readers[i].next());
    if (more) next.emplace(readers[i].key(), i);
  }
  while (!next.empty()) {
    const std::size_t i = next.top().second;
    next.pop();
    RM_TRY(f(readers[i].text()));
    RM_ASSIGN(const bool more, readers[i].next());
    if (more) next.emplace(readers[i].key(), i);
  }
  return {};
}

}  // namespace rm
