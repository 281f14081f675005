#include "lib/base/json.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>

#include "lib/base/json_fault.h"
#include "lib/base/limits.h"
#include "lib/base/utf8_scan.h"

namespace rm::json {
namespace {

using simdjson::dom::document;

// simdjson's tape (doc/tape.md): one 64-bit word an element, its type in the top byte. Strings lie in a side buffer as
// a 32-bit length and the bytes; numbers take a second word; a container's payload is the index after it and its count.
constexpr std::uint64_t kPayload = (std::uint64_t{1} << 56) - 1;
constexpr std::uint64_t kCountMask = 0xFFFFFF;

const document& as_document(const void* p) { return *static_cast<const document*>(p); }
char tape_type(const document& d, std::uint64_t at) { return static_cast<char>(d.tape[at] >> 56); }
std::uint64_t tape_payload(const document& d, std::uint64_t at) { return d.tape[at] & kPayload; }
std::uint64_t past_container(const document& d, std::uint64_t at) { return d.tape[at] & 0xFFFFFFFFu; }

std::uint64_t past(const document& d, std::uint64_t at) {
  switch (tape_type(d, at)) {
    case '{':
    case '[':
      return past_container(d, at);
    case 'l':
    case 'u':
    case 'd':
      return at + 2;
    default:
      return at + 1;
  }
}

std::string_view tape_string(const document& d, std::uint64_t at) {
  const std::uint8_t* p = d.string_buf.get() + tape_payload(d, at);
  std::uint32_t length = 0;
  std::memcpy(&length, p, sizeof length);
  return {reinterpret_cast<const char*>(p) + sizeof length, length};
}

// Sorting instead of hashing: no choice of keys makes it slower.
std::optional<std::string> repeated_key(std::vector<std::string_view>& keys) {
  if (keys.size() < 2) return std::nullopt;
  std::sort(keys.begin(), keys.end(), [](std::string_view a, std::string_view b) {
    return a.size() != b.size() ? a.size() < b.size() : std::memcmp(a.data(), b.data(), a.size()) < 0;
  });
  const auto twin = std::adjacent_find(keys.begin(), keys.end());
  if (twin == keys.end()) return std::nullopt;
  return std::string(*twin);
}

std::string shown_key(std::string_view key) {
  constexpr std::size_t kShown = 80;
  std::string out;
  append_string(out, key.substr(0, utf8_floor(key, kShown)));
  return key.size() > kShown ? out + "..." : out;
}

// Depth and repeated keys of a parsed text. Iterative over the tape.
Result<void> check_tape(const document& d) {
  struct Open {
    std::uint64_t end;
    bool object;
    std::vector<std::string_view> keys;
  };
  std::vector<Open> open;
  std::uint64_t at = 1;
  const std::uint64_t end = past_container(d, 0);
  while (at < end) {
    while (!open.empty() && at == open.back().end - 1) {
      if (const auto twin = repeated_key(open.back().keys)) {
        return make_error(Exit::kInput, "repeated_key", "the key " + shown_key(*twin) + " stands twice in one object");
      }
      at = open.back().end;
      open.pop_back();
    }
    if (at >= end || tape_type(d, at) == 'r') break;
    if (!open.empty() && open.back().object) open.back().keys.push_back(tape_string(d, at++));
    const char type = tape_type(d, at);
    if (type == '{' || type == '[') {
      if (open.size() == static_cast<std::size_t>(limits::kJsonDepth)) {
        return make_error(Exit::kInput, "too_deep",
                          "nested deeper than " + std::to_string(limits::kJsonDepth) + " levels");
      }
      open.push_back({past_container(d, at), type == '{', {}});
      ++at;
    } else {
      at = past(d, at);
    }
  }
  return {};
}

// UTF-16 has a byte order mark or, being mostly ASCII in JSON, a NUL beside every character.
bool looks_utf16(std::string_view t) {
  if (t.size() < 2) return false;
  return (t[0] == '\xFF' && t[1] == '\xFE') || (t[0] == '\xFE' && t[1] == '\xFF') || (t[0] == '\0') != (t[1] == '\0');
}

Error fault_error(std::string_view text, const char* otherwise) {
  if (looks_utf16(text)) return make_error(Exit::kInput, "bad_utf8", "not UTF-8 (UTF-16?)", "byte 0");
  if (const auto f = find_fault(text)) {
    return make_error(Exit::kInput, f->reason, f->message + " (byte " + std::to_string(f->byte) + ")",
                      std::to_string(f->byte));
  }
  return make_error(Exit::kInput, "bad_json", otherwise);
}

const char* describe(simdjson::error_code e) {
  if (e == simdjson::NUMBER_ERROR || e == simdjson::NUMBER_OUT_OF_RANGE) {
    return "a number does not fit: integers have 64 bits, others are doubles";
  }
  if (e == simdjson::MEMALLOC || e == simdjson::CAPACITY) return "too large to parse in the memory there is";
  return "not valid JSON";
}

}  // namespace

const char* name(Type t) {
  switch (t) {
    case Type::kNull:
      return "null";
    case Type::kBool:
      return "true or false";
    case Type::kNumber:
      return "a number";
    case Type::kString:
      return "a string";
    case Type::kArray:
      return "a list";
    case Type::kObject:
      return "an object";
  }
  return "a value";
}

Type Value::type() const {
  if (doc_ == nullptr) return Type::kNull;
  switch (tape_type(as_document(doc_), at_)) {
    case '{':
      return Type::kObject;
    case '[':
      return Type::kArray;
    case '"':
      return Type::kString;
    case 'l':
    case 'u':
    case 'd':
      return Type::kNumber;
    case 't':
    case 'f':
      return Type::kBool;
    default:
      return Type::kNull;
  }
}

std::optional<bool> Value::boolean() const {
  if (!is(Type::kBool)) return std::nullopt;
  return tape_type(as_document(doc_), at_) == 't';
}

std::optional<double> Value::number() const {
  if (!is(Type::kNumber)) return std::nullopt;
  const document& d = as_document(doc_);
  const std::uint64_t bits = d.tape[at_ + 1];
  switch (tape_type(d, at_)) {
    case 'l':
      return static_cast<double>(static_cast<std::int64_t>(bits));
    case 'u':
      return static_cast<double>(bits);
    default: {
      double v = 0;
      std::memcpy(&v, &bits, sizeof v);
      return v;
    }
  }
}

std::optional<std::int64_t> Value::integer() const {
  if (!is(Type::kNumber) || tape_type(as_document(doc_), at_) != 'l') return std::nullopt;
  return static_cast<std::int64_t>(as_document(doc_).tape[at_ + 1]);
}

std::optional<std::uint64_t> Value::unsigned_integer() const {
  if (!is(Type::kNumber)) return std::nullopt;
  const document& d = as_document(doc_);
  const char type = tape_type(d, at_);
  const std::uint64_t bits = d.tape[at_ + 1];
  if (type == 'u' || (type == 'l' && static_cast<std::int64_t>(bits) >= 0)) return bits;
  return std::nullopt;
}

std::optional<std::string_view> Value::string() const {
  if (!is(Type::kString)) return std::nullopt;
  return tape_string(as_document(doc_), at_);
}

std::size_t Value::size() const {
  const Type t = type();
  if (t != Type::kArray && t != Type::kObject) return 0;
  const document& d = as_document(doc_);
  const std::uint64_t count = (d.tape[at_] >> 32) & kCountMask;
  if (count < kCountMask) return count;  // the field saturates
  std::size_t n = 0;
  for (std::uint64_t at = at_ + 1; at < past_container(d, at_) - 1; ++n) at = past(d, t == Type::kObject ? at + 1 : at);
  return n;
}

std::optional<Value> Value::find(std::string_view key) const {
  if (!is(Type::kObject)) return std::nullopt;
  const document& d = as_document(doc_);
  const std::uint64_t end = past_container(d, at_) - 1;
  for (std::uint64_t at = at_ + 1; at < end; at = past(d, at + 1)) {
    if (tape_string(d, at) == key) return Value(doc_, at + 1);
  }
  return std::nullopt;
}

void Value::each_item(const std::function<void(std::size_t, Value)>& f) const {
  if (!is(Type::kArray)) return;
  const document& d = as_document(doc_);
  const std::uint64_t end = past_container(d, at_) - 1;
  std::size_t i = 0;
  for (std::uint64_t at = at_ + 1; at < end; at = past(d, at)) f(i++, Value(doc_, at));
}

void Value::each_member(const std::function<void(std::string_view, Value)>& f) const {
  if (!is(Type::kObject)) return;
  const document& d = as_document(doc_);
  const std::uint64_t end = past_container(d, at_) - 1;
  for (std::uint64_t at = at_ + 1; at < end; at = past(d, at + 1)) f(tape_string(d, at), Value(doc_, at + 1));
}

std::vector<Value> Value::items() const {
  std::vector<Value> out;
  each_item([&](std::size_t, Value v) { out.push_back(v); });
  return out;
}

namespace {

void write(Writer& w, const Value& v) {  // as deep as limits::kJsonDepth at most
  switch (v.type()) {
    case Type::kNull:
      w.null();
      return;
    case Type::kBool:
      w.value(*v.boolean());
      return;
    case Type::kString:
      w.value(*v.string());
      return;
    case Type::kNumber:
      if (const auto i = v.integer()) {
        w.value(*i);
      } else if (const auto u = v.unsigned_integer()) {
        w.value(*u);
      } else {
        w.value(*v.number());
      }
      return;
    case Type::kArray:
      w.begin_array();
      v.each_item([&](std::size_t, Value item) { write(w, item); });
      w.end_array();
      return;
    case Type::kObject:
      w.begin_object();
      v.each_member([&](std::string_view key, Value member) { write(w.key(key), member); });
      w.end_object();
      return;
  }
}

}  // namespace

std::string Value::dump() const {
  std::string out;
  Writer w(out);
  write(w, *this);
  return out;
}

struct Document::Impl {
  simdjson::dom::parser parser;
  document doc;
  std::string text;  // with simdjson's padding behind it
};

Document::Document() : impl_(std::make_unique<Impl>()) {}
Document::~Document() = default;
Document::Document(Document&&) noexcept = default;
Document& Document::operator=(Document&&) noexcept = default;

Result<Value> Document::parse(std::string_view text) {
  constexpr std::size_t kKeep = 8u << 20;  // memory kept from one text to the next
  if (!impl_ || (impl_->parser.capacity() > kKeep && text.size() < kKeep / 4)) impl_ = std::make_unique<Impl>();
  Impl& m = *impl_;
  if (text.substr(0, 3) == "\xEF\xBB\xBF") return fault_error(text, "starts with a byte order mark");
  m.text.clear();
  m.text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  m.text.assign(text);
  if (m.parser.capacity() < text.size() || m.parser.max_depth() != static_cast<std::size_t>(limits::kJsonDepth) + 2) {
    const std::size_t capacity = std::max<std::size_t>(text.size(), 4096);
    if (m.parser.allocate(capacity, static_cast<std::size_t>(limits::kJsonDepth) + 2) != simdjson::SUCCESS) {
      return make_error(Exit::kResources, "no_memory",
                        "no memory to parse " + std::to_string(text.size()) + " bytes of JSON");
    }
  }
  simdjson::dom::element root;
  if (const auto e = m.parser.parse_into_document(m.doc, m.text.data(), text.size(), false).get(root)) {
    return fault_error(text, describe(e));
  }
  // The fast parser takes some lone surrogates; the slow scan decides wherever a surrogate escape stands.
  if (text.find("\\ud") != text.npos || text.find("\\uD") != text.npos) {
    if (find_fault(text)) return fault_error(text, "");
  }
  RM_TRY(check_tape(m.doc));
  return Value(&m.doc, 1);
}

}  // namespace rm::json
