#include "lib/records/splice.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "lib/base/hash.h"
#include "lib/base/json.h"

namespace rm::records {
namespace {

constexpr std::string_view kSpace = " \t\r\n";

// One top-level member. [begin, end) runs from behind the delimiter before it to the delimiter after it.
struct Member {
  std::size_t begin = 0, key = 0, key_end = 0, value = 0, value_end = 0, end = 0;
};

// Walks the members of an object already known to be valid; every loop is bounded by the text all the same.
class MemberScan {
 public:
  explicit MemberScan(std::string_view text) : text_(text), at_(text.find('{')) {
    if (at_ < text_.size()) ++at_;
  }
  std::optional<Member> next() {
    Member m;
    m.begin = at_;
    m.key = skip_space(at_);
    if (m.key >= text_.size() || text_[m.key] != '"') return std::nullopt;
    m.key_end = skip_string(m.key);
    m.value = skip_space(std::min(text_.size(), skip_space(m.key_end) + 1));
    m.value_end = skip_value(m.value);
    m.end = skip_space(m.value_end);
    at_ = m.end < text_.size() && text_[m.end] == ',' ? m.end + 1 : text_.size();
    return m;
  }

 private:
  std::size_t skip_space(std::size_t at) const { return std::min(text_.find_first_not_of(kSpace, at), text_.size()); }
  std::size_t skip_string(std::size_t at) const {
    // The first quote with an even number of backslashes before it; each backslash is looked at once.
    for (std::size_t begin = at + 1, quote = begin;; begin = quote = quote + 1) {
      quote = text_.find('"', quote);
      if (quote == text_.npos) return text_.size();
      std::size_t back = quote;
      while (back > begin && text_[back - 1] == '\\') --back;
      if ((quote - back) % 2 == 0) return quote + 1;
    }
  }
  std::size_t skip_value(std::size_t at) const {
    if (at >= text_.size()) return text_.size();
    if (text_[at] == '"') return skip_string(at);
    if (text_[at] != '{' && text_[at] != '[') return std::min(text_.find_first_of(" \t\r\n,}]", at), text_.size());
    int depth = 0;
    while (at < text_.size()) {
      const char c = text_[at];
      at = c == '"' ? skip_string(at) : at + 1;
      if (c == '{' || c == '[') ++depth;
      if ((c == '}' || c == ']') && --depth == 0) break;
    }
    return at;
  }
  std::string_view text_;
  std::size_t at_;
};

class Names {
 public:
  void add(std::string_view name) { names_.push_back(name); }
  // `raw` is a key as it stands in the text, with its quotes.
  bool hold(std::string_view raw) {
    if (raw.size() < 2) return false;
    if (raw.find('\\') == raw.npos) return listed(raw.substr(1, raw.size() - 2));
    if (!document_) document_.emplace();
    const auto key = document_->parse(raw);
    return key && key->string() && listed(*key->string());
  }

 private:
  bool listed(std::string_view key) const { return std::find(names_.begin(), names_.end(), key) != names_.end(); }
  std::vector<std::string_view> names_;
  std::optional<json::Document> document_;  // unescapes keys
};

std::string_view trimmed(std::string_view s) {
  const auto first = s.find_first_not_of(kSpace);
  if (first == s.npos) return {};
  return s.substr(first, s.find_last_not_of(kSpace) - first + 1);
}

}  // namespace

std::string splice(std::string_view line, std::span<const Field> fields, std::span<const std::string_view> drop) {
  Names ours;
  std::size_t extra = 2;
  for (const Field& f : fields) {
    ours.add(f.name);
    extra += f.name.size() + f.json.size() + 8;
  }
  for (const std::string_view name : drop) ours.add(name);

  line = trimmed(line);
  std::string out;
  out.reserve(line.size() + extra);
  out += '{';
  std::string_view space;    // behind the last member that stays
  std::string_view closing;  // before the closing brace
  bool any = false;
  MemberScan scan(line);
  while (const auto m = scan.next()) {
    closing = line.substr(m->value_end, m->end - m->value_end);
    if (ours.hold(line.substr(m->key, m->key_end - m->key))) continue;
    out += space;
    if (any) out += ',';
    any = true;
    out += line.substr(m->begin, m->value_end - m->begin);
    space = closing;
  }
  for (const Field& f : fields) {
    if (any) out += ',';
    any = true;
    json::append_string(out, f.name);
    out += ':';
    out += f.json;
  }
  out += closing;
  out += '}';
  return out;
}

std::uint64_t original_hash(std::string_view line, std::span<const std::string_view> own) {
  Names ours;
  for (const std::string_view name : own) ours.add(name);
  ContentHash hash;
  MemberScan scan(line);
  while (const auto m = scan.next()) {
    const std::string_view key = line.substr(m->key, m->key_end - m->key);
    if (!ours.hold(key)) hash.add(key).add(line.substr(m->value, m->value_end - m->value));
  }
  return hash.digest();
}

std::span<const std::string_view> own_fields() {
  static constexpr std::array<std::string_view, 3> kNames{"judgment", "warnings", "error"};
  return kNames;
}

}  // namespace rm::records
