#include "lib/records/judged_stream.h"

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

#include "lib/records/lines.h"

namespace rm::records {
namespace {

constexpr std::size_t kBatchBytes = 256u << 10, kBatchLines = 1024;
constexpr std::size_t kBatches = 8;
constexpr std::size_t kKeptBytes = 64u << 10;  // capacity a line keeps for the next one

struct Batch {
  std::vector<ScannedLine> lines;  // longer than `count` once a batch was longer
  std::size_t count = 0;
  JudgedReader reader;
  bool scanned = false;

  void scan() {
    for (std::size_t i = 0; i < count; ++i) {
      ScannedLine& l = lines[i];
      l.error = l.line.error;
      if (l.error) continue;
      if (auto read = reader.read(l.line.text, l.judged); !read) l.error = read.error();
    }
  }
};

}  // namespace

struct JudgedStream::Impl {
  explicit Impl(Lines l) : lines(std::move(l)) {
    const unsigned helpers = std::min(2u, std::max(1u, std::thread::hardware_concurrency()));
    for (unsigned i = 0; i < helpers; ++i) threads.emplace_back([this] { work(); });
  }
  ~Impl() {
    {
      const std::lock_guard lock(mutex);
      quit = true;
    }
    changed.notify_all();
    for (std::thread& t : threads) t.join();
  }

  void work();
  void read_batch(Batch& b);

  Lines lines;
  std::optional<Error> failed;
  bool ended = false;
  std::deque<Batch> batches{kBatches};
  std::deque<Batch*> order;  // read, not yet given out; owner: the calling thread
  std::vector<Batch*> free;  // likewise
  Batch* given = nullptr;
  std::mutex mutex;  // for what follows, and Batch::scanned
  std::condition_variable changed;
  std::deque<Batch*> queue;
  bool quit = false;
  std::vector<std::thread> threads;
};

void JudgedStream::Impl::work() {
  std::unique_lock lock(mutex);
  for (;;) {
    changed.wait(lock, [this] { return quit || !queue.empty(); });
    if (quit) return;
    Batch* b = queue.front();
    queue.pop_front();
    lock.unlock();
    b->scan();
    lock.lock();
    b->scanned = true;
    changed.notify_all();
  }
}

void JudgedStream::Impl::read_batch(Batch& b) {
  b.count = 0;
  b.scanned = false;
  for (std::size_t bytes = 0; bytes < kBatchBytes && b.count < kBatchLines;) {
    if (b.count == b.lines.size()) b.lines.emplace_back();
    Line& line = b.lines[b.count].line;
    if (line.text.capacity() > kKeptBytes) line.text = std::string();
    auto more = lines.next(line);
    if (!more) failed = more.error();
    if (!more || !*more) {
      ended = true;
      return;
    }
    bytes += line.text.size();
    ++b.count;
  }
}

JudgedStream::JudgedStream(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
JudgedStream::JudgedStream(JudgedStream&&) noexcept = default;
JudgedStream::~JudgedStream() = default;

Result<JudgedStream> JudgedStream::open(const std::string& path) {
  RM_ASSIGN(Lines lines, Lines::open(path));
  auto impl = std::make_unique<Impl>(std::move(lines));
  for (Batch& b : impl->batches) impl->free.push_back(&b);
  return JudgedStream(std::move(impl));
}

Result<std::span<const ScannedLine>> JudgedStream::next() {
  Impl& m = *impl_;
  if (m.given != nullptr) m.free.push_back(std::exchange(m.given, nullptr));
  while (!m.ended && !m.free.empty()) {
    Batch* b = m.free.back();
    m.read_batch(*b);
    if (b->count == 0) break;
    m.free.pop_back();
    m.order.push_back(b);
    {
      const std::lock_guard lock(m.mutex);
      m.queue.push_back(b);
    }
    m.changed.notify_all();
  }
  if (m.order.empty()) {
    if (m.failed) return *m.failed;
    return std::span<const ScannedLine>();
  }
  m.given = m.order.front();
  m.order.pop_front();
  std::unique_lock lock(m.mutex);
  m.changed.wait(lock, [&] { return m.given->scanned; });
  return std::span<const ScannedLine>(m.given->lines.data(), m.given->count);
}

const std::string& JudgedStream::name() const { return impl_->lines.name(); }
std::optional<double> JudgedStream::fraction() const { return impl_->lines.fraction(); }

}  // namespace rm::records
