#include "lib/records/elements.h"

#include "lib/base/limits.h"
#include "lib/base/number.h"

namespace rm::records {
namespace {

constexpr std::size_t kChunk = 256u << 10;

bool is_space(int c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

}  // namespace

Result<Elements> Elements::open(const std::string& path) {
  RM_ASSIGN(auto source, Source::open(path));
  Elements e(std::move(source));
  e.buffer_.resize(kChunk);
  return e;
}

Error Elements::bad(std::string reason, std::string message) const {
  return make_error(Exit::kInput, std::move(reason), std::move(message) + " (byte " + std::to_string(offset_) + ")",
                    name());
}

Result<int> Elements::byte() {
  if (begin_ == end_) {
    begin_ = 0;
    RM_ASSIGN(end_, source_->read(buffer_));
    if (end_ == 0) return -1;
  }
  ++offset_;
  return static_cast<unsigned char>(buffer_[begin_++]);
}

// Steps over the file's own punctuation; -1 where nothing more comes.
Result<int> Elements::first_of_next() {
  bool comma = count_ == 0 || !array_;
  for (;;) {
    RM_ASSIGN(int c, byte());
    if (is_space(c) || (!started_ && (c == 0xEF || c == 0xBB || c == 0xBF))) continue;
    if (!started_) {
      started_ = true;
      array_ = c == '[';
      comma = true;
      if (array_) continue;
    }
    if (c == -1 && array_ && !closed_) return bad("truncated_line", "the file ends before its list does");
    if (c == -1) return c;
    if (closed_) return bad("bad_json", "something follows the end of the list");
    if (array_ && c == ']') {
      if (comma && count_ > 0) return bad("bad_json", "the list ends with a comma");
      closed_ = true;
    } else if (array_ && c == ',' && !comma) {
      comma = true;
    } else if (c == '{' && comma) {
      return c;
    } else {
      return bad("bad_json", "not a list of objects, nor objects one after another");
    }
  }
}

Result<void> Elements::rest_of_object(std::string& text) {
  std::size_t depth = 1;
  bool inside = false, escaped = false;
  while (depth > 0) {
    if (begin_ == end_) {
      begin_ = 0;
      RM_ASSIGN(end_, source_->read(buffer_));
      if (end_ == 0) return bad("truncated_line", "the file ends inside an object");
    }
    std::size_t at = begin_;
    for (; at < end_ && depth > 0; ++at) {
      const char c = buffer_[at];
      if (escaped) {
        escaped = false;
      } else if (inside) {
        escaped = c == '\\';
        inside = c != '"';
      } else if (c == '"') {
        inside = true;
      } else if (c == '{' || c == '[') {
        ++depth;
      } else if (c == '}' || c == ']') {
        --depth;
      }
    }
    if (text.size() + at - begin_ > limits::kLineBytes) {
      return bad("line_too_long", "an element has more than " + format_grouped(limits::kLineBytes) + " bytes");
    }
    text.append(buffer_, begin_, at - begin_);
    offset_ += at - begin_;
    begin_ = at;
  }
  return {};
}

Result<bool> Elements::next(Line& line) {
  line = Line();
  RM_ASSIGN(const int first, first_of_next());
  if (first == -1) return false;
  line.number = ++count_;
  line.byte = offset_ - 1;
  line.text = "{";
  RM_TRY(rest_of_object(line.text));
  line.end = offset_;
  return true;
}

}  // namespace rm::records
