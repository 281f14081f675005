// Files of the OpenAI batch format: requests written for a hosted or offline run, and replies read back from its results.
//
// A request's custom_id is a hash of its content, so the same request has the same id in any file, run or shard, and
// results answer by content, whatever their order. Results are untrusted: a damaged line is counted, never fatal. One thread.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "lib/base/result.h"
#include "lib/generate/generator.h"

namespace rm::generate {

// "rm-" and 32 hexadecimal digits, from model, messages, temperature, top_p, max_tokens, seed, prefill and logprobs.
std::string custom_id(const Request& r, std::string_view model);

// Writes {custom_id, method, url, body} lines; a request that was written already is left out. The file appears when it is
// closed ("-": standard output, as it goes).
class BatchWriter {
 public:
  static Result<BatchWriter> create(const std::string& path, std::string model);  // Exit::kIo
  BatchWriter(BatchWriter&&) noexcept;
  ~BatchWriter();

  Result<void> add(const Request& r);  // Error reason "unsupported" (the writer stays usable), or kIo
  Result<void> close();
  std::uint64_t written() const;
  std::uint64_t repeated() const;  // left out because an equal request was there

 private:
  struct Impl;
  explicit BatchWriter(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

struct BatchCounts {
  std::uint64_t lines = 0, replies = 0;  // replies: ids with one that can be used
  std::uint64_t errors = 0;              // ids with none, but with an error
  std::uint64_t repeated = 0;            // lines for an id that had one (the last good one counts)
  std::uint64_t foreign = 0;             // lines with an id that is not ours
  std::uint64_t damaged = 0;             // lines that cannot be read, and a compressed stream that breaks off
  std::string first_damage;              // "results.jsonl:12:87: ...", or empty
};

struct Batch {
  std::unique_ptr<Generator> generator;
  BatchCounts counts;
};

// A Generator that answers from a result file (plain, gzip or zstd; "-" too). Of a plain file only places are held, and
// lines are read when they are asked for; of others the usable lines. Without `model` the name shown is that of the first
// reply, and ids are those of requests without a model. Replies that are not there have error reason "not_in_batch",
// those that failed "endpoint" with the file's words. Exit::kInput when the file cannot be read or holds no result at all.
Result<Batch> open_batch(const std::string& path, const std::string& model);

}  // namespace rm::generate
