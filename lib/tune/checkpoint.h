// Checkpoints of a training run: tensors by (name, slot, slice) in safetensors files, and a manifest that vouches for them.
//
// A checkpoint is a folder "step-00000120" in the run's checkpoints folder. It is written beside its place, every file and
// folder synced, the manifest last, and renamed into place: it is there whole or not at all. Older ones are removed only
// after a newer one is durable. Reading believes nothing: sizes and checksums of every file are compared, a checkpoint that
// fails is named and the one before it is taken. Nothing here knows tensors or training; one thread.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "lib/base/result.h"
#include "lib/tune/trainer.h"

namespace rm::tune {

// What a run was, besides its tensors. Resuming compares what must be equal and says what differs.
struct RunFacts {
  std::int64_t step = 0;                 // optimizer steps taken
  std::int64_t epoch = 0, position = 0;  // of the data: chains of the epoch already used
  std::uint64_t seed = 0, rng = 0;       // of the run; draws so far of a stream that goes on from step to step
  std::int64_t threads = 0;
  std::string isa, dtype, device;  // "avx512-bf16"
  std::string settings;            // hash of everything that decides the numbers
  std::string data;                // hash of the training chains in order
  std::string base;                // the model it began from
  std::string notes;               // a JSON object of the caller's, kept as it is ("{}")
};

// Elements [first, first + to.size()) of tensor `index`.
using ReadTensor = std::function<Result<void>(std::size_t index, std::uint64_t first, std::span<float> to)>;
using WriteTensor = std::function<Result<void>(std::size_t index, std::uint64_t first, std::span<const float> from)>;

inline constexpr std::uint64_t kCheckpointFileBytes =
    2'000'000'000;  // of tensors in one file; larger ones are cut by rows

// Writes folder/step-XXXXXXXX (one of the same step is replaced), then removes all but the newest `keep`, and those of later
// steps, which the run went back behind (0: none is removed). Exit::kIo naming the file; what was there before is untouched
// and complete. One run at a time writes into a folder (base/folder_lock.h).
Result<void> save_checkpoint(const std::string& folder, const RunFacts& facts, std::span<const StateTensor> tensors,
                             const ReadTensor& read, std::int64_t keep,
                             std::uint64_t file_bytes = kCheckpointFileBytes);

struct FoundCheckpoint {
  std::string path;
  RunFacts facts;
};
// The newest one whose files are all as the manifest says; empty where there is none at all. `notice` gets a sentence for every
// one that is passed over. Exit::kModel where there are some and none is sound.
Result<std::optional<FoundCheckpoint>> newest_checkpoint(const std::string& folder,
                                                         const std::function<void(const std::string&)>& notice);
// Hands over every tensor's elements, however they were cut. Exit::kModel where the tensors are not those of the checkpoint:
// names one, and nothing was handed over.
Result<void> load_checkpoint(const FoundCheckpoint& c, std::span<const StateTensor> tensors, const WriteTensor& write);

}  // namespace rm::tune
