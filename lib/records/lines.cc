#include "lib/records/lines.h"

#include <algorithm>
#include <cstring>

#include "lib/base/json_fault.h"
#include "lib/base/limits.h"
#include "lib/base/number.h"
#include "lib/records/source.h"

namespace rm::records {
namespace {

constexpr std::size_t kChunk = 256u << 10;

bool is_blank(std::string_view s) { return s.find_first_not_of(" \t\r") == s.npos; }

}  // namespace

struct Lines::Impl {
  std::unique_ptr<Source> source;
  Shard shard;
  std::string chunk = std::string(kChunk, '\0');
  std::size_t begin = 0, end = 0;          // of what is unread in chunk
  std::uint64_t byte = 0;                  // offset of chunk[begin] in the decompressed input
  std::uint64_t number = 0;                // lines before it
  std::optional<std::uint64_t> range_end;  // lines that begin at or behind it belong to others
  std::optional<Error> failed;             // reported once the whole lines before it are out

  Result<bool> fill();
  Result<void> start();
  Result<void> cut_range();
  Result<void> skip_to(std::uint64_t offset);
  Result<bool> raw_line(Line& line);
};

// True when chunk holds unread bytes, false at the end of the input.
Result<bool> Lines::Impl::fill() {
  if (begin < end) return true;
  if (failed) return *failed;
  begin = end = 0;
  auto n = source->read(chunk);
  if (!n) {
    failed = n.error();
    return *failed;
  }
  end = *n;
  return end > 0;
}

Result<void> Lines::Impl::start() {
  while (end < 3) {  // a byte order mark; a pipe may hand it out byte by byte
    auto n = source->read({chunk.data() + end, chunk.size() - end});
    if (!n) failed = n.error();  // next() reports it
    if (!n || *n == 0) break;
    end += *n;
  }
  RM_ASSIGN(begin, text_begin({chunk.data(), end}, source->name()));
  byte = begin;
  if (shard.whole() || shard.by_hash) return {};
  if (source->standard_input() || source->compressed() || !source->kind().regular) {
    return make_error(
        Exit::kUsage, "bad_shard",
        "only a regular uncompressed file can be cut into ranges; use --shard-by hash, or give the file with -i",
        source->name());
  }
  return cut_range();
}

Result<void> Lines::Impl::cut_range() {
  const std::uint64_t size = source->kind().size;
  range_end = records::range_end(shard, size);
  const std::uint64_t from = range_begin(shard, size);
  if (from > byte) RM_TRY(skip_to(from));
  return {};
}

// Stands at the first line that begins at or behind `offset`, having counted the lines before it.
Result<void> Lines::Impl::skip_to(std::uint64_t offset) {
  for (;;) {
    RM_ASSIGN(const bool more, fill());
    if (!more) return {};
    const std::string_view rest(chunk.data() + begin, end - begin);
    const auto at = rest.find('\n');
    const std::size_t step = at == rest.npos ? rest.size() : at + 1;
    begin += step;
    byte += step;
    if (at == rest.npos) continue;
    ++number;
    if (byte >= offset) return {};
  }
}

// One line, blank or not. False at the end.
Result<bool> Lines::Impl::raw_line(Line& line) {
  line.text.clear();
  line.error.reset();
  line.terminated = true;
  line.byte = byte;
  line.number = ++number;
  if (range_end && byte >= *range_end) return false;
  std::uint64_t length = 0;
  bool any = false;
  for (;;) {
    RM_ASSIGN(const bool more, fill());
    if (!more) {
      line.terminated = false;
      if (!any) return false;
      break;
    }
    any = true;
    const std::string_view rest(chunk.data() + begin, end - begin);
    const auto at = rest.find('\n');
    const std::string_view piece = rest.substr(0, at);
    length += piece.size();
    if (length <= limits::kLineBytes) {
      line.text.append(piece);
    } else if (line.text.size() > limits::kErrorTextBytes) {
      line.text.resize(limits::kErrorTextBytes);
      line.text.shrink_to_fit();
    }
    const std::size_t step = at == rest.npos ? rest.size() : at + 1;
    begin += step;
    byte += step;
    if (at != rest.npos) break;
  }
  if (length > limits::kLineBytes) {
    line.error = make_error(Exit::kInput, "line_too_long",
                            "the line has " + format_grouped(length) + " bytes; at most " +
                                format_grouped(limits::kLineBytes) + " are read");
  } else if (!line.text.empty() && line.text.back() == '\r') {
    line.text.pop_back();
  }
  line.end = byte;
  return true;
}

Lines::Lines(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Lines::Lines(Lines&&) noexcept = default;
Lines& Lines::operator=(Lines&&) noexcept = default;
Lines::~Lines() = default;

Result<Lines> Lines::open(const std::string& path, const Shard& shard) {
  auto m = std::make_unique<Impl>();
  RM_ASSIGN(m->source, Source::open(path));
  m->shard = shard;
  RM_TRY(m->start());
  return Lines(std::move(m));
}

Result<bool> Lines::next(Line& line) {
  Impl& m = *impl_;
  for (;;) {
    RM_ASSIGN(const bool more, m.raw_line(line));
    if (!more) return false;
    if (!line.error && is_blank(line.text)) continue;
    if (m.shard.by_hash && !m.shard.takes(line.text)) continue;
    return true;
  }
}

const std::string& Lines::name() const { return impl_->source->name(); }

std::optional<double> Lines::fraction() const {
  const Impl& m = *impl_;
  const fd::Kind& k = m.source->kind();
  if (!k.regular || k.size == 0) return std::nullopt;
  double begin = 0, end = static_cast<double>(k.size);
  double at = static_cast<double>(m.source->consumed());
  if (m.range_end) {
    begin = static_cast<double>(range_begin(m.shard, k.size));
    end = static_cast<double>(*m.range_end);
    at = static_cast<double>(m.byte);
  }
  return end > begin ? std::clamp((at - begin) / (end - begin), 0.0, 1.0) : 1.0;
}

Result<json::Value> parse_line(json::Document& doc, const Line& line, const std::string& name) {
  const std::string where = name + ":" + std::to_string(line.number);
  if (line.error) {
    Error e = *line.error;
    e.where = where;
    return e;
  }
  auto value = doc.parse(line.text);
  if (!value) {
    Error e = value.error();
    const auto fault = line.terminated ? std::nullopt : json::find_fault(line.text);
    if (fault && fault->cut) {
      e.reason = "truncated_line";
      e.message = "truncated last line: " + e.message;
    }
    e.where = e.where.empty() ? where : where + ":" + e.where;
    return e;
  }
  if (!value->is(json::Type::kObject)) {
    return make_error(Exit::kInput, "not_object",
                      std::string("the line is ") + json::name(value->type()) + "; expected an object", where);
  }
  return *value;
}

}  // namespace rm::records
