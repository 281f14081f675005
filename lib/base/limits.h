// Every ceiling on untrusted input, in one place. Raising one is a reviewed change here, nowhere else.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rm::limits {

inline constexpr std::size_t kLineBytes = 64u << 20;      // one JSONL line
inline constexpr int kJsonDepth = 32;                     // nesting of one document
inline constexpr std::size_t kErrorTextBytes = 4u << 10;  // how much of a bad line a failure record repeats
inline constexpr int kZstdWindowLog = 27;                 // 128 MiB
inline constexpr std::uint64_t kSafetensorsHeader = 100u << 20;
inline constexpr std::uint64_t kTensors = 1u << 17;           // tensors in one model
inline constexpr std::uint64_t kTokenizerBytes = 256u << 20;  // tokenizer.json
inline constexpr std::uint64_t kConfigBytes = 16u << 20;      // config.json and its siblings
inline constexpr std::uint64_t kManifestBytes = 64u << 20;    // manifest.json of a checkpoint
inline constexpr std::uint64_t kVocab = 1u << 22;             // tokens in a vocabulary
inline constexpr std::size_t kTokenBytes = 64u << 10;         // one token
inline constexpr std::size_t kTurns = 100'000;                // turns in a conversation
inline constexpr std::size_t kRewardLineBytes = 1u << 20;     // what a reward program answers to one rollout

}  // namespace rm::limits
