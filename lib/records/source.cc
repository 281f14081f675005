#include "lib/records/source.h"

#include <zlib.h>
#include <zstd.h>
#include <zstd_errors.h>

#include <algorithm>
#include <cstring>

#include "lib/base/escape.h"
#include "lib/base/limits.h"

namespace rm::records {
namespace {

constexpr std::size_t kBuffer = 256u << 10;
constexpr std::string_view kZstdMagic{"\x28\xB5\x2F\xFD", 4};
constexpr std::string_view kGzipMagic{"\x1F\x8B\x08", 3};

// A magic number, or what a cut has left of it where that is no text.
bool begins(std::string_view head, std::string_view magic) {
  return head.size() >= 2 && head.substr(0, magic.size()) == magic.substr(0, head.size());
}

bool is_skippable(std::string_view b) {
  return b.size() >= 4 && (static_cast<unsigned char>(b[0]) & 0xF0) == 0x50 &&
         b.substr(1, 3) == std::string_view("\x2A\x4D\x18", 3);
}

class Plain : public Source {
 public:
  Result<std::size_t> read(std::span<char> into) override {
    if (raw().empty()) {
      RM_ASSIGN(const std::size_t n, fd::read_some(fd_.number(), into, name_));
      consumed_ += n;
      return n;
    }
    const std::size_t n = std::min(into.size(), raw().size());
    std::memcpy(into.data(), raw().data(), n);
    take(n);
    return n;
  }
  bool compressed() const override { return false; }
};

class Zstd : public Source {
 public:
  explicit Zstd(Source&& raw) : Source(std::move(raw)), context_(ZSTD_createDCtx()) {
    if (context_) ZSTD_DCtx_setParameter(context_.get(), ZSTD_d_windowLogMax, limits::kZstdWindowLog);
  }
  bool compressed() const override { return true; }
  Result<std::size_t> read(std::span<char> into) override {
    if (!context_) return make_error(Exit::kResources, "no_memory", "no memory for a zstd decoder", name_);
    for (;;) {
      ZSTD_outBuffer out{into.data(), into.size(), 0};
      ZSTD_inBuffer in{raw().data(), raw().size(), 0};
      const std::size_t before = in.size;
      const std::size_t r = ZSTD_decompressStream(context_.get(), &out, &in);
      take(in.pos);
      if (ZSTD_isError(r) != 0) return broken(r);
      if (before > 0 || out.pos > 0) inside_ = r != 0;
      if (out.pos > 0) return out.pos;
      if (in.pos > 0 && !raw().empty()) continue;
      RM_ASSIGN(const bool more, refill());
      if (more) continue;
      if (inside_ || !raw().empty()) {
        return make_error(Exit::kInput, "truncated_frame", "truncated frame: the zstd data ends early", name_);
      }
      return std::size_t{0};
    }
  }

 private:
  struct Free {
    void operator()(ZSTD_DCtx* c) const { ZSTD_freeDCtx(c); }
  };
  Error broken(std::size_t code) const {
    const ZSTD_ErrorCode e = ZSTD_getErrorCode(code);
    if (e == ZSTD_error_frameParameter_windowTooLarge) {
      return make_error(Exit::kInput, "bad_frame",
                        "the zstd window is larger than 2^" + std::to_string(limits::kZstdWindowLog) +
                            " bytes; compress again without --long or with --long=27",
                        name_);
    }
    if (e == ZSTD_error_memory_allocation) {
      return make_error(Exit::kResources, "no_memory", "no memory for a zstd window", name_);
    }
    const char* what = e == ZSTD_error_checksum_wrong ? "wrong checksum" : ZSTD_getErrorName(code);
    return make_error(Exit::kInput, "bad_frame", std::string("broken zstd frame: ") + what, name_);
  }
  std::unique_ptr<ZSTD_DCtx, Free> context_;
  bool inside_ = false;  // a frame has begun and not ended
};

class Gzip : public Source {
 public:
  explicit Gzip(Source&& raw) : Source(std::move(raw)) { ready_ = inflateInit2(&stream_, 15 + 16) == Z_OK; }
  ~Gzip() override {
    if (ready_) inflateEnd(&stream_);
  }
  bool compressed() const override { return true; }
  Result<std::size_t> read(std::span<char> into) override {
    if (!ready_) return make_error(Exit::kResources, "no_memory", "no memory for a gzip decoder", name_);
    for (;;) {
      if (raw().empty()) {
        RM_ASSIGN(const bool more, refill());
        if (!more) {
          if (!inside_) return std::size_t{0};
          return make_error(Exit::kInput, "truncated_frame", "truncated frame: the gzip data ends early", name_);
        }
      }
      if (!inside_ && inflateReset(&stream_) != Z_OK) return broken("cannot start a member");
      inside_ = true;
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(raw().data()));
      stream_.avail_in = static_cast<uInt>(raw().size());
      stream_.next_out = reinterpret_cast<Bytef*>(into.data());
      stream_.avail_out = static_cast<uInt>(into.size());
      const int r = inflate(&stream_, Z_NO_FLUSH);
      take(raw().size() - stream_.avail_in);
      const std::size_t made = into.size() - stream_.avail_out;
      if (r == Z_STREAM_END) {
        inside_ = false;
      } else if (r != Z_OK && r != Z_BUF_ERROR) {
        return broken(stream_.msg != nullptr ? stream_.msg : "not gzip data");
      }
      if (made > 0) return made;
    }
  }

 private:
  Error broken(const std::string& what) const {
    return make_error(Exit::kInput, "bad_frame", "broken gzip data: " + what, name_);
  }
  z_stream stream_{};
  bool ready_ = false, inside_ = false;
};

}  // namespace

Result<bool> Source::refill() {
  if (begin_ > 0) {
    std::memmove(raw_.data(), raw_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
  }
  if (end_ == raw_.size()) raw_.resize(raw_.size() + kBuffer);
  RM_ASSIGN(const std::size_t n, fd::read_some(fd_.number(), {raw_.data() + end_, raw_.size() - end_}, name_));
  end_ += n;
  consumed_ += n;
  return n > 0;
}

Result<std::size_t> text_begin(std::string_view head, const std::string& name) {
  const bool utf16 = head.size() >= 2 && (head.substr(0, 2) == "\xFF\xFE" || head.substr(0, 2) == "\xFE\xFF" ||
                                          (head[0] == '\0') != (head[1] == '\0'));
  if (utf16) {
    return make_error(Exit::kInput, "bad_utf8",
                      "not UTF-8 (UTF-16?): convert it, for example with iconv -f UTF-16 -t UTF-8", name);
  }
  return head.substr(0, 3) == "\xEF\xBB\xBF" ? 3 : 0;
}

Result<std::unique_ptr<Source>> Source::open(const std::string& path) {
  Plain first;
  first.standard_input_ = path == "-";
  first.name_ = first.standard_input_ ? "<stdin>" : escape_text(path);
  RM_ASSIGN(first.fd_, fd::open_read(path));
  RM_ASSIGN(first.kind_, fd::kind(first.fd_.number(), first.name_));
  if (first.kind_.folder) return make_error(Exit::kInput, "io", "is a folder; expected a file", first.name_);
  while (first.raw().size() < 4) {
    RM_ASSIGN(const bool more, first.refill());
    if (!more) break;
  }
  const std::string_view head = first.raw();
  std::unique_ptr<Source> out;
  if (begins(head, kZstdMagic) || is_skippable(head)) {
    out = std::make_unique<Zstd>(std::move(first));
  } else if (begins(head, kGzipMagic)) {
    out = std::make_unique<Gzip>(std::move(first));
  } else {
    out = std::make_unique<Plain>(std::move(first));
  }
  return out;
}

}  // namespace rm::records
