#include "lib/text/tokenizer.h"

#include <algorithm>
#include <array>
#include <unordered_map>

#include "lib/base/escape.h"
#include "lib/base/limits.h"
#include "lib/text/bpe.h"
#include "lib/text/piece_cache.h"
#include "lib/text/pretokenize.h"
#include "lib/text/unicode.h"
#include "lib/text/utf8.h"

namespace rm::text {

struct Tokenizer::Impl {
  Vocab vocab;
  Bpe bpe;
  std::size_t size = 0;
  std::uint32_t owner = PieceCache::new_owner();
  std::vector<std::int32_t> added_at;  // by id: index into vocab.added, -1 for others
  std::unordered_map<std::string_view, Id> added_ids;
  std::array<std::vector<std::size_t>, 256> lengths;  // of the added tokens that start with a byte, longest first
};

namespace {

Error bad_vocab(std::string message) { return make_error(Exit::kModel, "bad_tokenizer", std::move(message)); }

std::string quoted(std::string_view s) { return '"' + escape_text(s, 80) + '"'; }

// One past the largest id, once every id is known to be one.
Result<std::size_t> checked_size(const Vocab& v) {
  std::size_t size = v.tokens.size();
  if (size > limits::kVocab || v.added.size() > limits::kVocab) {
    return bad_vocab("the vocabulary has more than " + std::to_string(limits::kVocab) + " tokens");
  }
  for (const AddedToken& a : v.added) {
    if (a.id < 0 || static_cast<std::uint64_t>(a.id) >= limits::kVocab) {
      return bad_vocab("added token " + quoted(a.text) + " has id " + std::to_string(a.id) + "; expected 0 to " +
                       std::to_string(limits::kVocab - 1));
    }
    if (a.text.empty()) return bad_vocab("added token " + std::to_string(a.id) + " is empty");
    if (a.text.size() > limits::kTokenBytes) {
      return bad_vocab("added token " + std::to_string(a.id) + " has " + std::to_string(a.text.size()) + " bytes");
    }
    size = std::max(size, static_cast<std::size_t>(a.id) + 1);
  }
  for (const std::int32_t id : {v.bos, v.eos}) {
    if (id < -1 || (id >= 0 && static_cast<std::size_t>(id) >= size)) {
      return bad_vocab("the beginning or end token has id " + std::to_string(id) + " but the vocabulary ends at " +
                       std::to_string(size));
    }
  }
  return size;
}

}  // namespace

Result<Tokenizer> Tokenizer::make(Vocab vocab) {
  RM_ASSIGN(const std::size_t size, checked_size(vocab));
  auto impl = std::make_shared<Impl>();
  impl->size = size;
  impl->vocab = std::move(vocab);
  impl->added_at.assign(size, -1);
  std::vector<bool> skip(size, false);
  for (std::size_t i = 0; i < impl->vocab.added.size(); ++i) {
    const AddedToken& a = impl->vocab.added[i];
    const auto id = static_cast<std::size_t>(a.id);
    if (impl->added_at[id] >= 0) return bad_vocab("added tokens share the id " + std::to_string(a.id));
    if (!impl->added_ids.emplace(a.text, a.id).second)
      return bad_vocab("added token " + quoted(a.text) + " is there twice");
    impl->added_at[id] = static_cast<std::int32_t>(i);
    skip[id] = true;
    impl->lengths[static_cast<unsigned char>(a.text[0])].push_back(a.text.size());
  }
  for (auto& lengths : impl->lengths) {
    std::sort(lengths.begin(), lengths.end(), std::greater<>());
    lengths.erase(std::unique(lengths.begin(), lengths.end()), lengths.end());
  }
  RM_ASSIGN(impl->bpe, Bpe::make(impl->vocab, skip));
  Tokenizer t;
  t.impl_ = std::move(impl);
  return t;
}

void Tokenizer::encode_text(std::string_view text, Ids& out) const {
  std::string normal;
  if (impl_->vocab.nfc && to_nfc(text, normal)) text = normal;
  Pieces pieces(impl_->vocab.split, text);
  PieceCache& cache = PieceCache::of_this_thread();
  const char* const end = text.data() + text.size();
  for (std::string_view piece = pieces.next(); !piece.empty(); piece = pieces.next()) {
    const bool small = piece.size() <= PieceCache::kLongest;
    if (small && cache.append(impl_->owner, piece, end, out)) continue;
    const std::size_t first = out.size();
    impl_->bpe.encode(piece, out);
    if (small) cache.keep(out, first);
  }
}

void Tokenizer::encode_control(std::string_view text, Ids& out) const {
  std::size_t plain = 0;  // start of what no added token has matched yet
  for (std::size_t at = 0; at < text.size();) {
    std::size_t matched = 0;
    Id id = -1;
    for (const std::size_t length : impl_->lengths[static_cast<unsigned char>(text[at])]) {
      if (length > text.size() - at) continue;
      const auto it = impl_->added_ids.find(text.substr(at, length));
      if (it == impl_->added_ids.end()) continue;
      matched = length;
      id = it->second;
      break;
    }
    if (matched == 0) {
      ++at;
      continue;
    }
    encode_text(text.substr(plain, at - plain), out);
    out.push_back(id);
    plain = at = at + matched;
  }
  encode_text(text.substr(plain), out);
}

Ids Tokenizer::encode(std::span<const Segment> segments) const {
  Ids out;
  std::string run;  // neighbours of one kind, joined
  bool control = false;
  auto flush = [&] {
    if (control) {
      encode_control(run, out);
    } else {
      encode_text(run, out);
    }
    run.clear();
  };
  for (const Segment& s : segments) {
    if (s.text.empty()) continue;
    if (s.control != control) flush();
    control = s.control;
    run += s.text;
  }
  flush();
  return out;
}

std::optional<Id> Tokenizer::find_added(std::string_view text) const {
  const auto it = impl_->added_ids.find(text);
  return it == impl_->added_ids.end() ? std::nullopt : std::optional<Id>(it->second);
}

std::optional<Id> Tokenizer::find_token(std::string_view bytes) const { return impl_->bpe.find(bytes); }

std::optional<std::string_view> Tokenizer::bytes(Id id, bool special) const {
  if (id < 0 || static_cast<std::size_t>(id) >= impl_->size) return std::nullopt;
  if (const std::int32_t at = impl_->added_at[static_cast<std::size_t>(id)]; at >= 0) {
    const AddedToken& a = impl_->vocab.added[static_cast<std::size_t>(at)];
    return a.special && !special ? std::string_view() : std::string_view(a.text);
  }
  return static_cast<std::size_t>(id) < impl_->bpe.size() ? impl_->bpe.bytes(id) : std::string_view();
}

Result<std::string> Tokenizer::decode(std::span<const Id> ids, bool special) const {
  std::string out;
  for (std::size_t i = 0; i < ids.size(); ++i) {
    const auto b = bytes(ids[i], special);
    if (!b) {
      return make_error(Exit::kInput, "bad_token_id",
                        "token " + std::to_string(i) + " has id " + std::to_string(ids[i]) +
                            "; the vocabulary ends at " + std::to_string(impl_->size));
    }
    out += *b;
  }
  return out;
}

std::size_t Tokenizer::size() const { return impl_->size; }
const Vocab& Tokenizer::vocab() const { return impl_->vocab; }

std::string StreamDecoder::push(Id id) {
  const auto b = t_.bytes(id);
  if (!b || b->empty()) return {};
  held_ += *b;
  const std::size_t rest = unfinished_tail(held_);
  std::string out = sanitise(std::string_view(held_).substr(0, held_.size() - rest));
  held_.erase(0, held_.size() - rest);
  return out;
}

std::string StreamDecoder::finish() {
  std::string out = sanitise(held_);
  held_.clear();
  return out;
}

}  // namespace rm::text
