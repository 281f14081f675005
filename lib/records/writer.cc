#include "lib/records/writer.h"

#include <zlib.h>
#include <zstd.h>

#include <chrono>
#include <optional>

#include "lib/base/append_file.h"
#include "lib/base/escape.h"
#include "lib/base/fd.h"
#include "lib/base/number.h"

namespace rm::records {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kFlushEvery{1};
constexpr std::size_t kBuffer = 1u << 20;
constexpr int kZstdLevel = 3, kGzipLevel = 6;

bool ends_with(std::string_view s, std::string_view suffix) {
  return s.size() >= suffix.size() && s.substr(s.size() - suffix.size()) == suffix;
}

// Turns text into bytes of the file. kFlush: a reader of the file so far gets all text so far.
enum class Push { kMore, kFlush, kEnd };
class Encoder {
 public:
  virtual ~Encoder() = default;
  virtual Result<void> push(std::string_view text, Push how, std::string& out) = 0;
};

class ZstdEncoder : public Encoder {
 public:
  ZstdEncoder() : context_(ZSTD_createCCtx()) {
    if (!context_) return;
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, kZstdLevel);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_checksumFlag, 1);
  }
  Result<void> push(std::string_view text, Push how, std::string& out) override {
    const auto mode = how == Push::kEnd ? ZSTD_e_end : how == Push::kFlush ? ZSTD_e_flush : ZSTD_e_continue;
    ZSTD_inBuffer in{text.data(), text.size(), 0};
    for (;;) {
      const std::size_t old = out.size();
      out.resize(old + ZSTD_CStreamOutSize());
      ZSTD_outBuffer o{out.data() + old, out.size() - old, 0};
      const std::size_t left = context_ ? ZSTD_compressStream2(context_.get(), &o, &in, mode) : 1;
      out.resize(old + o.pos);
      if (!context_ || ZSTD_isError(left) != 0) {
        return make_error(Exit::kResources, "no_memory",
                          std::string("zstd: ") + (context_ ? ZSTD_getErrorName(left) : "no memory"));
      }
      if (mode == ZSTD_e_continue ? in.pos == in.size : left == 0) return {};
    }
  }

 private:
  struct Free {
    void operator()(ZSTD_CCtx* c) const { ZSTD_freeCCtx(c); }
  };
  std::unique_ptr<ZSTD_CCtx, Free> context_;
};

class GzipEncoder : public Encoder {
 public:
  GzipEncoder() { ready_ = deflateInit2(&stream_, kGzipLevel, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) == Z_OK; }
  ~GzipEncoder() override {
    if (ready_) deflateEnd(&stream_);
  }
  Result<void> push(std::string_view text, Push how, std::string& out) override {
    if (!ready_) return make_error(Exit::kResources, "no_memory", "no memory for gzip");
    const int mode = how == Push::kEnd ? Z_FINISH : how == Push::kFlush ? Z_SYNC_FLUSH : Z_NO_FLUSH;
    stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(text.data()));
    stream_.avail_in = static_cast<uInt>(text.size());  // lines are bounded far below 4 GiB
    for (;;) {
      constexpr std::size_t kStep = 64u << 10;
      const std::size_t old = out.size();
      out.resize(old + kStep);
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + old);
      stream_.avail_out = static_cast<uInt>(kStep);
      const int r = deflate(&stream_, mode);
      out.resize(out.size() - stream_.avail_out);
      if (r == Z_STREAM_END || r == Z_BUF_ERROR || (how != Push::kEnd && stream_.avail_out > 0)) return {};
      if (r != Z_OK) return make_error(Exit::kBug, "gzip", "gzip refused to compress");
    }
  }

 private:
  z_stream stream_{};
  bool ready_ = false;
};

}  // namespace

struct Writer::Impl {
  std::string name;
  std::optional<AppendFile> file;  // empty: standard output
  std::unique_ptr<Encoder> encoder;
  bool at_once = false;
  std::string buffer;   // whole lines (or their compressed bytes) not yet given to the system
  bool flushed = true;  // nothing is held back, in the encoder neither
  std::uint64_t lines = 0, bytes = 0;
  std::uint64_t before = 0;                             // lines an earlier run left
  Clock::time_point last = Clock::now() - kFlushEvery;  // of the last flush
  std::optional<Error> failed;
  bool closed = false;

  Result<void> fail(Error e) {
    if (e.where.empty()) e.where = name;
    failed = e;
    return e;
  }
  Result<void> send();
  Result<void> flush();
};

// Gives the buffer to the system.
Result<void> Writer::Impl::send() {
  if (buffer.empty()) return {};
  std::size_t written = 0;
  auto r = file ? file->append(buffer) : fd::write_all(1, buffer, name, &written);
  bytes += written;
  if (!r) {
    Error e = r.error();
    if (!file && e.exit == Exit::kIo) e.message += " (after byte " + format_grouped(bytes) + ")";
    if (e.exit == Exit::kIo) e.message += ", in record " + format_grouped(before + lines);
    return fail(std::move(e));
  }
  buffer.clear();
  return {};
}

Result<void> Writer::Impl::flush() {
  if (failed) return *failed;
  last = Clock::now();
  if (flushed) return {};
  if (encoder) {
    if (auto r = encoder->push({}, Push::kFlush, buffer); !r) return fail(r.error());
  }
  RM_TRY(send());
  flushed = true;
  return {};
}

Result<void> refuse_same_file(const std::string& out, const std::string& in) {
  if (in.empty()) return {};
  std::optional<fd::Kind> a, b;
  auto look = [](const std::string& path, int standard, std::optional<fd::Kind>& k) {
    if (path != "-") {
      k = fd::kind_of_path(path);
    } else if (auto r = fd::kind(standard, ""); r) {
      k = *r;
    }
  };
  look(out, 1, a);
  look(in, 0, b);
  if (!a || !b || !a->regular || a->device != b->device || a->inode != b->inode) return {};
  return make_error(Exit::kUsage, "same_file", "is both the input and the output; choose another name for the output",
                    out == "-" ? "<stdout>" : escape_text(out));
}

Result<Writer> Writer::open(const std::string& path, const WriterOptions& o) {
  RM_TRY(refuse_same_file(path, o.input));
  for (const std::string& input : o.inputs) RM_TRY(refuse_same_file(path, input));
  auto m = std::make_unique<Impl>();
  m->before = o.lines;
  m->name = path == "-" ? "<stdout>" : escape_text(path);
  const bool zstd = path != "-" && ends_with(path, ".zst"), gzip = path != "-" && ends_with(path, ".gz");
  if (o.keep > 0 && (zstd || gzip || path == "-")) {
    return make_error(Exit::kUsage, "cannot_resume", "only a plain file can be continued", m->name);
  }
  if (zstd) m->encoder = std::make_unique<ZstdEncoder>();
  if (gzip) m->encoder = std::make_unique<GzipEncoder>();
  if (path == "-") {
    RM_ASSIGN(const fd::Kind k, fd::kind(1, m->name));
    m->at_once = !k.regular;
  } else {
    RM_ASSIGN(AppendFile file, AppendFile::open(path, o.keep));
    m->at_once = !file.regular();
    m->file.emplace(std::move(file));
  }
  return Writer(std::move(m));
}

Result<void> Writer::write(std::string_view line) {
  Impl& m = *impl_;
  if (m.failed) return *m.failed;
  ++m.lines;
  m.flushed = false;
  if (m.encoder) {
    for (const std::string_view piece : {line, std::string_view("\n")}) {
      if (auto r = m.encoder->push(piece, Push::kMore, m.buffer); !r) return m.fail(r.error());
    }
  } else {
    m.buffer.append(line).append("\n");
  }
  if (m.at_once) return m.flush();
  if (m.buffer.size() >= kBuffer) RM_TRY(m.send());
  return tick();
}

Result<void> Writer::flush() { return impl_->flush(); }

Result<void> Writer::sync() {
  Impl& m = *impl_;
  RM_TRY(m.flush());
  if (!m.file) return {};
  auto r = m.file->sync();
  return r ? r : m.fail(r.error());
}

Result<void> Writer::tick() { return Clock::now() - impl_->last >= kFlushEvery ? impl_->flush() : Result<void>{}; }

Result<void> Writer::close() {
  Impl& m = *impl_;
  if (m.failed) return *m.failed;
  if (m.closed) return {};
  m.closed = true;
  if (m.encoder) {
    if (auto r = m.encoder->push({}, Push::kEnd, m.buffer); !r) return m.fail(r.error());
  }
  RM_TRY(m.send());
  m.flushed = true;
  if (!m.file) return {};
  if (auto r = m.file->close(); !r) return m.fail(r.error());
  return {};
}

std::uint64_t Writer::lines() const { return impl_->lines; }
const std::string& Writer::name() const { return impl_->name; }

Writer::Writer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Writer::Writer(Writer&&) noexcept = default;
Writer& Writer::operator=(Writer&&) noexcept = default;
Writer::~Writer() {
  if (impl_ && !impl_->closed && !impl_->failed) (void)impl_->flush().ok();
}

}  // namespace rm::records
