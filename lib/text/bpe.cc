#include "lib/text/bpe.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

#include <algorithm>
#include <bit>
#include <unordered_set>

#include "lib/base/escape.h"
#include "lib/base/limits.h"
#include "lib/text/utf8.h"

namespace rm::text {
namespace {

std::uint64_t hash_bytes(std::string_view s) { return XXH3_64bits(s.data(), s.size()); }

std::size_t table_size(std::size_t entries) { return std::bit_ceil(std::max<std::size_t>(16, entries * 2)); }

Error bad_vocab(std::string message) { return make_error(Exit::kModel, "bad_tokenizer", std::move(message)); }

std::string quoted(std::string_view s) { return '"' + escape_text(s, 80) + '"'; }

// Bytes a vocabulary may lack: control characters that text does not use, and bytes that no UTF-8 of an assigned
// plane holds. SmolLM2's training text had none of them either.
bool may_be_missing(unsigned b) {
  const bool control = (b < 0x20 && b != '\t' && b != '\n' && b != '\r') || b == 0x7F;
  return control || b == 0xC0 || b == 0xC1 || b == 0xF1 || b == 0xF2 || b >= 0xF5;
}

// byte -> character of GPT-2's mapping: printable Latin-1 stands for itself, the rest follow from U+0100 in order.
const std::array<char32_t, 256>& byte_characters() {
  static const std::array<char32_t, 256> table = [] {
    std::array<char32_t, 256> t{};
    char32_t next = 0x100;
    for (unsigned b = 0; b < 256; ++b) {
      const bool itself = (b >= '!' && b <= '~') || (b >= 0xA1 && b <= 0xAC) || b >= 0xAE;
      t[b] = itself ? b : next++;
    }
    return t;
  }();
  return table;
}

}  // namespace

bool unmap_bytes(std::string_view mapped, std::string& bytes) {
  static const std::array<std::int16_t, 0x200> inverse = [] {
    std::array<std::int16_t, 0x200> t{};
    t.fill(-1);
    for (unsigned b = 0; b < 256; ++b) t[byte_characters()[b]] = static_cast<std::int16_t>(b);
    return t;
  }();
  bytes.clear();
  for (std::size_t at = 0; at < mapped.size();) {
    const CodePoint c = decode_at(mapped, at);
    if (c.code >= inverse.size() || inverse[c.code] < 0) return false;
    bytes += static_cast<char>(inverse[c.code]);
    at += c.length;
  }
  return true;
}

Result<Bpe> Bpe::make(const Vocab& vocab, const std::vector<bool>& skip) {
  Bpe b;
  RM_TRY(b.add_tokens(vocab, skip));
  RM_TRY(b.check_bytes(vocab));
  RM_TRY(b.add_merges(vocab));
  b.add_characters();
  b.whole_.assign(b.size(), false);
  std::vector<std::int32_t> ids;
  for (std::size_t id = 0; id < b.size(); ++id) {
    const std::string_view bytes = b.bytes(static_cast<std::int32_t>(id));
    if (bytes.empty() || skip[id] || b.find(bytes) != static_cast<std::int32_t>(id)) continue;
    bool whole = vocab.ignore_merges;
    if (!whole) {
      ids.clear();
      b.merge(bytes, bytes.size() <= kScanned ? Method::kScan : Method::kHeap, ids);
      whole = ids.size() == 1 && ids[0] == static_cast<std::int32_t>(id);
    }
    b.whole_[id] = whole;
    if (whole) b.longest_ = std::max(b.longest_, bytes.size());
  }
  return b;
}

Result<void> Bpe::add_tokens(const Vocab& vocab, const std::vector<bool>& skip) {
  byte_id_.fill(-1);
  by_bytes_.resize(table_size(vocab.tokens.size()));
  ends_.reserve(vocab.tokens.size());
  std::string bytes;
  std::size_t gap = vocab.tokens.size();
  for (std::size_t id = 0; id < vocab.tokens.size(); ++id) {
    const std::string& token = vocab.tokens[id];
    if (token.size() > limits::kTokenBytes) {
      return bad_vocab("token " + std::to_string(id) + " has " + std::to_string(token.size()) + " bytes; at most " +
                       std::to_string(limits::kTokenBytes) + " are allowed");
    }
    if (skip[id] || token.empty()) {
      if (token.empty() && !skip[id]) gap = std::min(gap, id);
      ends_.push_back(static_cast<std::uint32_t>(arena_.size()));
      continue;
    }
    if (gap < id) {
      return bad_vocab("token " + std::to_string(gap) + " is missing or empty although " + std::to_string(id) +
                       " exists; the ids of a vocabulary must have no gaps");
    }
    const bool mapped = unmap_bytes(token, bytes);
    if (!mapped) bytes = token;  // never matched in text; shown as it is written
    if (arena_.size() + bytes.size() > limits::kTokenizerBytes)
      return bad_vocab("the tokens are larger than a tokenizer may be");
    arena_ += bytes;
    ends_.push_back(static_cast<std::uint32_t>(arena_.size()));
    const std::uint64_t hash = hash_bytes(bytes);
    std::size_t at = hash & (by_bytes_.size() - 1);
    for (; by_bytes_[at].id >= 0; at = (at + 1) & (by_bytes_.size() - 1)) {
      if (this->bytes(by_bytes_[at].id) != bytes) continue;
      return bad_vocab("tokens " + std::to_string(by_bytes_[at].id) + " and " + std::to_string(id) + " are both " +
                       quoted(token));
    }
    by_bytes_[at] = {static_cast<std::uint32_t>(hash >> 32), static_cast<std::int32_t>(id)};
    if (mapped && bytes.size() == 1) byte_id_[static_cast<unsigned char>(bytes[0])] = static_cast<std::int32_t>(id);
  }
  return {};
}

Result<void> Bpe::check_bytes(const Vocab& vocab) const {
  for (unsigned b = 0; b < 256; ++b) {
    if (byte_id_[b] >= 0 || may_be_missing(b)) continue;
    return bad_vocab("no token stands for byte " + std::to_string(b) + " among " + std::to_string(vocab.tokens.size()) +
                     "; a byte-level vocabulary needs one for each");
  }
  return {};
}

Result<void> Bpe::add_merges(const Vocab& vocab) {
  if (vocab.merges.size() > limits::kVocab) {
    return bad_vocab(std::to_string(vocab.merges.size()) + " merges; at most " + std::to_string(limits::kVocab) +
                     " are allowed");
  }
  by_pair_.resize(table_size(vocab.merges.size()));
  maybe_.resize(by_pair_.size() * 4 / 64);
  merges_.reserve(vocab.merges.size());
  std::unordered_set<std::string_view> added;
  for (const AddedToken& a : vocab.added) added.insert(a.text);
  auto is_added = [&](const std::string& text) { return added.count(text) != 0; };
  std::string left, right;
  for (std::size_t rank = 0; rank < vocab.merges.size(); ++rank) {
    const std::string& text = vocab.merges[rank];
    auto bad = [&](const char* why) {
      return bad_vocab("merge " + std::to_string(rank) + " " + quoted(text) + " " + why);
    };
    const std::size_t space = text.find(' ');
    if (space == std::string::npos || space == 0 || space + 1 == text.size() ||
        text.find(' ', space + 1) != std::string::npos) {
      return bad("is not two tokens with one space between them");
    }
    const std::string_view view = text;
    if (!unmap_bytes(view.substr(0, space), left) || !unmap_bytes(view.substr(space + 1), right)) {
      return bad("holds a character outside the byte mapping");
    }
    const auto l = find(left), r = find(right), joined = find(left + right);
    merges_.push_back({l.value_or(-1), r.value_or(-1), joined.value_or(-1)});
    if (!l && !is_added(left)) return bad("names an unknown token on its left");
    if (!r && !is_added(right)) return bad("names an unknown token on its right");
    if (!joined && !is_added(left + right)) return bad("makes a token that is not in the vocabulary");
    if (!l || !r || !joined) continue;  // text never becomes an added token
    const std::uint64_t key =
        static_cast<std::uint64_t>(static_cast<std::uint32_t>(*l)) << 32 | static_cast<std::uint32_t>(*r);
    const std::uint64_t hash = pair_hash(key);
    maybe_[maybe_bit(hash) / 64] |= 1ULL << maybe_bit(hash) % 64;
    std::size_t at = pair_slot(hash);
    for (; by_pair_[at].id >= 0; at = (at + 1) & (by_pair_.size() - 1)) {
      if (by_pair_[at].key == key) return bad("is there twice");
    }
    by_pair_[at] = {key, static_cast<std::uint32_t>(rank), *joined};
  }
  return {};
}

std::optional<std::int32_t> Bpe::find(std::string_view bytes) const {
  const std::uint64_t hash = hash_bytes(bytes);
  const auto tag = static_cast<std::uint32_t>(hash >> 32);
  for (std::size_t at = hash & (by_bytes_.size() - 1); by_bytes_[at].id >= 0; at = (at + 1) & (by_bytes_.size() - 1)) {
    if (by_bytes_[at].tag == tag && this->bytes(by_bytes_[at].id) == bytes) return by_bytes_[at].id;
  }
  return std::nullopt;
}

std::string_view Bpe::bytes(std::int32_t id) const {
  const auto i = static_cast<std::size_t>(id);
  const std::size_t from = i == 0 ? 0 : ends_[i - 1];
  return std::string_view(arena_).substr(from, ends_[i] - from);
}

void Bpe::encode(std::string_view piece, std::vector<std::int32_t>& out) const {
  if (piece.size() <= longest_) {
    const auto id = find(piece);
    if (id && whole_[static_cast<std::size_t>(*id)]) {
      out.push_back(*id);
      return;
    }
  }
  constexpr std::size_t kHeaped = 64u << 10, kMost = 1u << 30;
  for (; piece.size() > kMost; piece.remove_prefix(kMost)) merge(piece.substr(0, kMost), Method::kBuckets, out);
  merge(piece,
        piece.size() <= kScanned  ? Method::kScan
        : piece.size() <= kHeaped ? Method::kHeap
                                  : Method::kBuckets,
        out);
}

}  // namespace rm::text
