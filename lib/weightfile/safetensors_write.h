// Writes a safetensors file as a stream: the header first, made of the list of tensors, then their data in that order.
//
// Nothing is held but one buffer. The file appears under its name with finish() or not at all, synced, as AtomicFile
// does it; its room is reserved before the first byte where the file system can, so that a full disk is known at once.
// Sorted by name, tensors of one type give the very bytes of the reference library
// (github.com/huggingface/safetensors). One thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "lib/base/atomic_file.h"
#include "lib/base/hash.h"
#include "lib/base/result.h"
#include "lib/weightfile/weight_file.h"

namespace rm::weightfile {

// A tensor to be written: kF32, kF16 or kBF16, at least one element.
struct TensorPlan {
  std::string name;
  DType dtype = DType::kF32;
  std::vector<std::uint64_t> shape;
};

// What lies on the disk after finish().
struct WrittenFile {
  std::uint64_t bytes = 0;
  Hash128 hash;  // of every byte, as hash128() has it
};

class SafetensorsWriter {
 public:
  // Writes the header. Exit::kIo where the file cannot be made; kBug for a plan that no file can hold.
  static Result<SafetensorsWriter> create(const std::string& path, std::span<const TensorPlan> tensors);
  SafetensorsWriter(SafetensorsWriter&&) = default;

  // The next elements, of the first tensor that is not yet full; stored as its type (kF32 or kBF16; to the nearest,
  // ties to even, NaN stays NaN). Exit::kIo; kBug beyond the tensor's end. After an error the object is spent.
  Result<void> append(std::span<const float> values);
  // The same as they are to lie in the file.
  Result<void> append_bytes(std::span<const std::byte> bytes);
  // Exit::kIo; kBug where a tensor is not full.
  Result<WrittenFile> finish();

 private:
  SafetensorsWriter(AtomicFile file, std::string path) : file_(std::move(file)), path_(std::move(path)) {}
  Result<void> put(std::span<const std::byte> bytes);
  Result<void> room_for(std::uint64_t bytes);
  Error explained(Error e) const;

  struct Part {
    std::string name;
    DType dtype;
    std::uint64_t left;  // bytes
  };
  AtomicFile file_;
  std::string path_;
  std::vector<Part> parts_;
  std::size_t at_ = 0;  // of parts_
  std::uint64_t file_bytes_ = 0;
  StreamHash hash_;
  std::vector<std::uint16_t> halves_;  // the buffer
};

// Elements [first, first + to.size()) of tensor `index` of a plan, in f32.
using ReadElements = std::function<Result<void>(std::size_t index, std::uint64_t first, std::span<float> to)>;
// A whole file, read strip by strip. Errors of `read` end it.
Result<WrittenFile> write_safetensors(const std::string& path, std::span<const TensorPlan> tensors,
                                      const ReadElements& read);

}  // namespace rm::weightfile
