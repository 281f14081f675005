// Strings to token ids and back: the only place where that happens.
//
// Byte-level BPE. encode_text never yields an added token, so untrusted text cannot close a turn; encode_control
// matches added tokens and is for template text only. Immutable after make(); every method is const and safe from any
// thread. Linear in the length of the text, no recursion, whatever the text is.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/result.h"
#include "lib/text/vocab.h"

namespace rm::text {

using Id = std::int32_t;
using Ids = std::vector<Id>;

// A piece of a rendered prompt. Control text comes from a template and may hold added tokens; content never does.
struct Segment {
  bool control = false;
  std::string text;
  bool operator==(const Segment&) const = default;
};

class Tokenizer {
 public:
  // Exit::kModel with the offending token or merge when the vocabulary is unusable (gaps, repeated ids, missing byte
  // tokens, merges of unknown tokens, a merge longer than any token).
  static Result<Tokenizer> make(Vocab vocab);

  // Appends. Invalid UTF-8 is encoded byte by byte; a byte for which the vocabulary has no token at all (only control
  // characters and bytes of no assigned plane may lack one) is left out, as the oracle leaves it out.
  void encode_text(std::string_view text, Ids& out) const;
  void encode_control(std::string_view text, Ids& out) const;  // appends; added tokens are matched first, longest first
  // Encodes a prompt. Neighbouring segments of the same kind are encoded as one text; a merge never crosses a boundary
  // between control and content. Never adds bos by itself: a template that wants one writes it.
  Ids encode(std::span<const Segment> segments) const;

  std::optional<Id> find_added(std::string_view text) const;
  std::optional<Id> find_token(std::string_view bytes) const;  // the token that spells exactly these bytes

  // Raw bytes of one token; empty for unused ids, and for special tokens unless `special`. Empty optional: no such id.
  std::optional<std::string_view> bytes(Id id, bool special = false) const;
  // Exit::kInput, reason "bad_token_id" for an id that does not exist.
  Result<std::string> decode(std::span<const Id> ids,
                             bool special = false) const;  // bytes joined; may end inside a character

  std::size_t size() const;  // one past the largest id
  const Vocab& vocab() const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

// Turns a stream of tokens into valid UTF-8: holds back an unfinished character, replaces broken ones with U+FFFD.
class StreamDecoder {
 public:
  explicit StreamDecoder(const Tokenizer& t) : t_(t) {}
  std::string push(Id id);  // the text that became complete
  std::string finish();     // what is left, broken bytes replaced

 private:
  const Tokenizer& t_;
  std::string held_;
};

}  // namespace rm::text
