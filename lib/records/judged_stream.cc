#include "lib/records/judged_stream.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include "lib/base/limits.h"
#include "lib/base/number.h"
#include "lib/base/signals.h"
#include "lib/records/source.h"

namespace rm::records {
namespace {

constexpr std::size_t kBlockBytes = 256u << 10;
constexpr std::size_t kBlocks = 8;
constexpr unsigned kThreads = 3;  // the calling one too, which also adds up
constexpr std::size_t kAll = std::string_view::npos;

// Whole lines of text and what was read from them.
struct Block {
  std::string text;  // capacity; `size` of it are in use
  std::size_t size = 0;
  bool too_long = false;           // the text is the beginning of one line over the limit
  std::uint64_t newlines = 0;      // in the text
  std::vector<ScannedLine> lines;  // longer than `count` once a block held more
  std::size_t count = 0;
  JudgedReader reader;
  bool scanned = false;

  void scan();

 private:
  ScannedLine& add() {
    if (count == lines.size()) lines.emplace_back();
    ScannedLine& l = lines[count++];
    l.number = newlines + 1;
    l.bad = false;
    return l;
  }
};

Error line_too_long() {
  return make_error(Exit::kInput, "line_too_long",
                    "the line has more than the " + format_grouped(limits::kLineBytes) + " bytes that are read");
}

void Block::scan() {
  count = 0;
  newlines = 0;
  reader.forget();
  if (too_long) {
    add().fail(line_too_long());
    newlines = 1;
    return;
  }
  for (std::string_view rest(text.data(), size); !rest.empty();) {
    const std::size_t blank = std::min(rest.find_first_not_of(" \t\r"), rest.size());
    std::size_t length = blank;
    if (blank < rest.size() && rest[blank] != '\n') {
      ScannedLine& l = add();
      const auto read = reader.read(rest, l.judged);
      length = read ? *read : std::min(rest.find('\n'), rest.size());
      if (!read) l.fail(read.error());
      if (length > limits::kLineBytes) l.fail(line_too_long());
    }
    newlines += length < rest.size();
    rest.remove_prefix(std::min(length + 1, rest.size()));
  }
}

}  // namespace

struct JudgedStream::Impl {
  explicit Impl(std::unique_ptr<Source> s) : source(std::move(s)) {
    for (Block& b : blocks) free.push_back(&b);
  }
  ~Impl();

  void start() {
    const unsigned all = std::clamp(std::thread::hardware_concurrency(), may_wait() ? 2u : 1u, kThreads);
    for (unsigned i = 1; i < all; ++i) threads.emplace_back([this] { work(); });
  }
  // A pipe may fall silent with a read under way: the calling thread, which others wait for, never reads from one.
  bool may_wait() const { return !source->kind().regular; }
  bool can_step() const { return !reading && !ended && !free.empty(); }
  void step(std::unique_lock<std::mutex>& lock);
  void work();
  void read_block(Block& b);
  std::size_t read_more(Block& b);
  void skip_line();

  // Of the thread that reads; one does at a time.
  std::unique_ptr<Source> source;
  std::string carried;  // text of the last block behind its last newline
  std::optional<Error> failed;
  bool at_end = false;

  std::mutex mutex;  // for what follows, and Block::scanned
  std::condition_variable changed;
  std::deque<Block> blocks{kBlocks};
  std::deque<Block*> order;  // read, not yet given out
  std::vector<Block*> free;
  bool reading = false, ended = false, quit = false;
  std::uint64_t consumed = 0;
  std::vector<std::thread> threads;

  // Of the caller.
  Block* given = nullptr;
  std::uint64_t numbered = 0;  // lines before the block given out next
};

JudgedStream::Impl::~Impl() {
  {
    std::unique_lock lock(mutex);
    quit = true;
    changed.notify_all();
    // A read from a file ends by itself; one from a silent pipe only when told to.
    if (!changed.wait_for(lock, std::chrono::milliseconds(100), [this] { return !reading; }) &&
        !signals::stop_requested())
      signals::request_stop(Exit::kStopped);
  }
  for (std::thread& t : threads) t.join();
}

// Reads a block and scans it; the lock is held before and after, not while it works. Only where can_step().
void JudgedStream::Impl::step(std::unique_lock<std::mutex>& lock) {
  reading = true;
  Block* b = free.back();
  free.pop_back();
  lock.unlock();
  read_block(*b);
  lock.lock();
  reading = false;
  ended = at_end;
  consumed = source->consumed();
  const bool any = b->size > 0 || b->too_long;
  (any ? (void)order.push_back(b) : (void)free.push_back(b));
  b->scanned = false;
  changed.notify_all();
  if (!any) return;
  lock.unlock();
  b->scan();
  lock.lock();
  b->scanned = true;
  changed.notify_all();
}

void JudgedStream::Impl::work() {
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return quit || ended || can_step(); });
    if (quit || ended) return;
    step(lock);
  }
}

// Bytes behind those that are there; 0 at the end, with `failed` set where that is an error.
std::size_t JudgedStream::Impl::read_more(Block& b) {
  if (b.size == b.text.size()) b.text.resize(std::max(kBlockBytes, 2 * b.text.size()));
  const auto n = source->read({b.text.data() + b.size, b.text.size() - b.size});
  if (!n) failed = n.error();
  if (!n || *n == 0) at_end = true;
  b.size += n ? *n : 0;
  return n ? *n : 0;
}

// The rest of a line that is too long; what follows it is carried.
void JudgedStream::Impl::skip_line() {
  Block scratch;
  while (!at_end) {
    scratch.size = 0;
    const std::size_t n = read_more(scratch);
    const std::string_view got(scratch.text.data(), n);
    if (const std::size_t at = got.find('\n'); at != kAll) {
      carried.assign(got.substr(at + 1));
      return;
    }
  }
}

// As many whole lines as fit, or one that does not; of a pipe those that are there. An empty block at the end.
void JudgedStream::Impl::read_block(Block& b) {
  b.size = 0;
  b.too_long = false;
  if (b.text.size() > 4 * kBlockBytes) std::string().swap(b.text);
  if (b.text.size() < std::max(kBlockBytes, carried.size())) b.text.resize(std::max(kBlockBytes, carried.size()));
  std::memcpy(b.text.data(), carried.data(), carried.size());
  b.size = std::exchange(carried, {}).size();
  std::size_t newline = std::string_view(b.text.data(), b.size).rfind('\n');
  while (!at_end && (newline == kAll || (!may_wait() && b.size < kBlockBytes))) {
    const std::size_t before = b.size;
    if (read_more(b) == 0) break;
    const std::size_t at = std::string_view(b.text.data() + before, b.size - before).rfind('\n');
    if (at != kAll) newline = before + at;
    if (newline == kAll && b.size > limits::kLineBytes) {
      b.too_long = true;
      return skip_line();
    }
  }
  if (at_end) return;
  carried.assign(b.text, newline + 1, b.size - newline - 1);
  b.size = newline + 1;
}

JudgedStream::JudgedStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JudgedStream::JudgedStream(JudgedStream&&) noexcept = default;
JudgedStream::~JudgedStream() = default;

Result<JudgedStream> JudgedStream::open(const std::string& path) {
  RM_ASSIGN(auto source, Source::open(path));
  char head[3];
  std::size_t got = 0;
  while (got < sizeof head) {
    RM_ASSIGN(const std::size_t n, source->read({head + got, sizeof head - got}));
    if (n == 0) break;
    got += n;
  }
  RM_ASSIGN(const std::size_t begin, text_begin({head, got}, source->name()));
  auto impl = std::make_unique<Impl>(std::move(source));
  impl->carried.assign(head + begin, got - begin);
  impl->start();
  return JudgedStream(std::move(impl));
}

Result<std::span<const ScannedLine>> JudgedStream::next() {
  Impl& m = *impl_;
  std::unique_lock lock(m.mutex);
  for (;;) {
    if (m.given != nullptr) {
      m.free.push_back(std::exchange(m.given, nullptr));
      m.changed.notify_all();
    }
    // Rather than wait for the others, this thread reads and scans too.
    const auto ready = [&] { return m.order.empty() ? m.ended && !m.reading : m.order.front()->scanned; };
    const auto helps = [&] { return m.can_step() && !m.may_wait(); };
    while (!ready() && helps()) m.step(lock);
    m.changed.wait(lock, [&] { return ready() || helps(); });
    if (!ready()) continue;
    if (m.order.empty()) {
      if (m.failed) return *m.failed;
      return std::span<const ScannedLine>();
    }
    m.given = m.order.front();
    m.order.pop_front();
    for (std::size_t i = 0; i < m.given->count; ++i) m.given->lines[i].number += m.numbered;
    m.numbered += m.given->newlines;
    if (m.given->count > 0) return std::span<const ScannedLine>(m.given->lines.data(), m.given->count);
  }
}

const std::string& JudgedStream::name() const { return impl_->source->name(); }

std::optional<double> JudgedStream::fraction() const {
  const fd::Kind& k = impl_->source->kind();
  if (!k.regular || k.size == 0) return std::nullopt;
  const std::lock_guard lock(impl_->mutex);
  return std::min(1.0, static_cast<double>(impl_->consumed) / static_cast<double>(k.size));
}

}  // namespace rm::records
