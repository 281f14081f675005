// The header of a GGUF file, version 2 or 3: metadata and tensor positions, every length proven before it is used.
//
// Format: the GGUF specification (ggml, docs/gguf.md). A Header borrows the bytes it was parsed from; strings and arrays
// stay where they lie, so nothing is allocated but one small record a key or tensor. Offsets are checked as ggml does:
// tensors follow each other in order, padded to the alignment. Pure but for Gguf::open; const after that, any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/fd.h"
#include "lib/base/result.h"
#include "lib/weightfile/weight_file.h"

namespace rm::weightfile::gguf {

enum class Type : std::uint32_t { kU8, kI8, kU16, kI16, kU32, kI32, kF32, kBool, kString, kArray, kU64, kI64, kF64 };
const char* name(Type t);

// One metadata value. Accessors of another type return empty.
struct Value {
  Type type = Type::kU8;
  Type element = Type::kU8;        // of an array
  std::uint64_t count = 0;         // elements of an array
  std::span<const std::byte> raw;  // a scalar's bytes, a string's text, an array's elements as they lie

  std::optional<std::int64_t> integer() const;  // any integer type that fits
  std::optional<double> number() const;         // any number
  std::optional<bool> boolean() const;
  std::optional<std::string_view> text() const;
  // Of an array of that type: false, and nothing called, where it is another.
  bool each_text(const std::function<void(std::uint64_t, std::string_view)>& f) const;
  bool each_integer(const std::function<void(std::uint64_t, std::int64_t)>& f) const;
};

struct Tensor {
  std::string_view name;  // as in the file
  DType dtype = DType::kF32;
  std::vector<std::uint64_t> shape;     // outermost first
  std::uint64_t bytes = 0, offset = 0;  // offset in the file
};

class Header {
 public:
  // `head` is the beginning of the file, or all of it; reason "truncated" asks for more of it.
  // `file_bytes` is the file's whole length. Exit::kModel naming key or tensor.
  static Result<Header> parse(std::span<const std::byte> head, std::uint64_t file_bytes, const std::string& name);

  const Value* find(std::string_view key) const;
  std::span<const Tensor> tensors() const { return tensors_; }  // in file order
  std::size_t keys() const { return values_.size(); }

 private:
  struct Entry {
    std::string_view key;
    Value value;
  };
  std::vector<Entry> values_;  // by key
  std::vector<Tensor> tensors_;
};

// An open file with its header.
struct File {
  fd::Fd fd;
  std::vector<std::byte> head;
  Header header;
};
// Exit::kModel; kIo where the system refuses to read.
Result<File> open(const std::string& path);

// Refuses a file that is one part of several.
Result<void> refuse_split(const Header& h, const std::string& file);

}  // namespace rm::weightfile::gguf
