// Strict JSON: the only file pair that knows the JSON library.
//
// A Document is one whole text: no trailing bytes, depth at most limits::kJsonDepth, no repeated key in any object, valid
// UTF-8, no lone surrogates. Values are views into their Document and die with it. Not thread-safe; one Document per
// thread at a time. Numbers that do not fit (1e400, integers beyond 64 bits) make the text unreadable, never a wrong value.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"

namespace rm::json {

enum class Type { kNull, kBool, kNumber, kString, kArray, kObject };
const char* name(Type t);  // "a string", "an object", ... for messages

class Document;

// A view of one value. Cheap to copy. Accessors of the wrong type return empty.
class Value {
 public:
  Value() = default;  // null
  Type type() const;
  bool is(Type t) const { return type() == t; }
  std::optional<bool> boolean() const;
  std::optional<double> number() const;
  std::optional<std::int64_t> integer() const;  // numbers written as integers that fit
  std::optional<std::uint64_t> unsigned_integer() const;
  std::optional<std::string_view> string() const;  // unescaped; may contain NUL

  std::size_t size() const;                                                       // of an array or object, else 0
  std::optional<Value> find(std::string_view key) const;                          // of an object
  void each_item(const std::function<void(std::size_t, Value)>& f) const;         // of an array, in order
  void each_member(const std::function<void(std::string_view, Value)>& f) const;  // of an object, in order
  std::vector<Value> items() const;                                               // of an array

  std::string dump() const;  // minified JSON text of this value

 private:
  friend class Document;
  Value(const void* doc, std::uint64_t at) : doc_(doc), at_(at) {}
  const void* doc_ = nullptr;
  std::uint64_t at_ = 0;
};

// Owns the parsed tape and a padded copy of the text; reuse one object for many texts to reuse its memory.
class Document {
 public:
  Document();
  ~Document();
  Document(Document&&) noexcept;
  Document& operator=(Document&&) noexcept;

  // Replaces what was parsed before. Errors: reason "bad_json" (message says what and at which byte), "too_deep",
  // "repeated_key" (names the key), "bad_utf8". Exit::kInput. `where` is the byte offset alone, or empty: the caller prefixes
  // file:line.
  Result<Value> parse(std::string_view text);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Appends `s` as a JSON string with quotes. Bytes that are not UTF-8 become U+FFFD, so the output is always valid.
void append_string(std::string& out, std::string_view s);
// Appends the shortest decimal that reads back as the same double; null for NaN and infinities.
void append_number(std::string& out, double v);

// Writes one JSON value piece by piece, minified; commas and quotes are its own business.
class Writer {
 public:
  explicit Writer(std::string& out) : out_(out) {}
  Writer& begin_object();
  Writer& end_object();
  Writer& begin_array();
  Writer& end_array();
  Writer& key(std::string_view k);
  Writer& value(std::string_view s);
  Writer& value(const char* s) { return value(std::string_view(s)); }
  Writer& value(double v);
  Writer& value(std::int64_t v);
  Writer& value(int v) { return value(static_cast<std::int64_t>(v)); }
  Writer& value(std::uint64_t v);
  Writer& value(bool v);
  Writer& null();
  Writer& raw(std::string_view json);  // already valid JSON
  template <class T>
  Writer& member(std::string_view k, const T& v) {
    key(k);
    return value(v);
  }
  template <class T>
  Writer& member(std::string_view k, const std::optional<T>& v) {
    key(k);
    return v ? value(*v) : null();
  }

 private:
  void comma();
  std::string& out_;
  bool need_comma_ = false;
};

}  // namespace rm::json
