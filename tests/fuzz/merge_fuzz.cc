// Fuzzes byte-pair merging: a vocabulary and a text from the input, against the definition.
//
// The three ways to merge must give what joining the leftmost pair of lowest rank gives; a tokenizer of that vocabulary
// must give the same ids with and without its pieces in the cache, and the text back.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <map>
#include <set>
#include <string>

#include "lib/text/bpe.h"
#include "lib/text/tokenizer.h"
#include "tests/lib/text/tiny_vocab.h"

namespace {

using namespace rm::text;

// Bytes of é, 中, 丮 and ASCII, so that characters are made, used and cut.
constexpr unsigned char kAlphabet[] = {' ', 0xC3, 0xA9, 0xE4, 0xB8, 0xAD, 0xAE, 'a'};
constexpr const char* kUnits[] = {"中", "丮", "é", " ", "a", "\xE4", "\xAD", "\xE4\xB8", "\xB8\xAD", "中中"};

class Input {
 public:
  Input(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  std::uint8_t next() { return at_ < size_ ? data_[at_++] : 0; }
  bool empty() const { return at_ >= size_; }

 private:
  const std::uint8_t* data_;
  std::size_t size_, at_ = 0;
};

Vocab vocab_from(Input& in) {
  Vocab v;
  for (unsigned b = 0; b < 256; ++b) v.tokens.push_back(mapped_byte(b));
  auto token = [&] {
    const std::size_t made = v.tokens.size() - 256, draw = in.next();
    return draw < 128 || made == 0 ? mapped_byte(kAlphabet[draw % 8]) : v.tokens[256 + draw % made];
  };
  std::set<std::string> seen;
  auto add = [&](const std::string& left, const std::string& right) {
    if (left.size() + right.size() > 48 || !seen.insert(left + " " + right).second) return;
    const auto rank = static_cast<std::ptrdiff_t>(in.next() % (v.merges.size() + 1));
    v.merges.insert(v.merges.begin() + rank, left + " " + right);
    if (seen.insert(left + right).second) v.tokens.push_back(left + right);
  };
  const std::string e4 = mapped_byte(0xE4), b8 = mapped_byte(0xB8);
  const unsigned characters = in.next();  // most vocabularies can make some
  if ((characters & 1) == 0) add(e4, b8);
  if ((characters & 3) == 0) add(e4 + b8, mapped_byte(0xAD));
  if ((characters & 5) == 0) add(e4 + b8, mapped_byte(0xAE));
  if ((characters & 8) == 0) add(mapped_byte(0xC3), mapped_byte(0xA9));
  for (int n = in.next() % 48; n > 0; --n) {
    const std::string left = token();
    add(left, token());
  }
  v.split = static_cast<Split>(in.next() % 4);
  return v;
}

Ids by_definition(const Vocab& v, const Bpe& bpe, const std::string& text) {
  std::map<std::pair<Id, Id>, std::pair<std::size_t, Id>> ranks;
  std::string left, right;
  for (std::size_t rank = 0; rank < v.merges.size(); ++rank) {
    const std::size_t space = v.merges[rank].find(' ');
    unmap_bytes(v.merges[rank].substr(0, space), left);
    unmap_bytes(v.merges[rank].substr(space + 1), right);
    ranks[{*bpe.find(left), *bpe.find(right)}] = {rank, *bpe.find(left + right)};
  }
  Ids ids;
  for (const char c : text) ids.push_back(*bpe.find(std::string_view(&c, 1)));
  for (;;) {
    std::size_t best = v.merges.size(), at = 0;
    Id joined = -1;
    for (std::size_t i = 0; i + 1 < ids.size(); ++i) {
      const auto it = ranks.find({ids[i], ids[i + 1]});
      if (it == ranks.end() || it->second.first >= best) continue;
      best = it->second.first, joined = it->second.second, at = i;
    }
    if (joined < 0) return ids;
    ids[at] = joined;
    ids.erase(ids.begin() + static_cast<std::ptrdiff_t>(at) + 1);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input in(data, size);
  const Vocab v = vocab_from(in);
  std::string text;
  while (!in.empty() && text.size() < 120) {
    const std::uint8_t draw = in.next();
    if (draw < 192) {
      text += kUnits[draw % 10];
    } else {
      text += static_cast<char>(in.next());
    }
  }
  const auto bpe = Bpe::make(v, std::vector<bool>(v.tokens.size(), false));
  if (!bpe) std::abort();
  const Ids want = by_definition(v, *bpe, text);
  for (const auto method : {Bpe::Method::kScan, Bpe::Method::kHeap, Bpe::Method::kBuckets}) {
    Ids got;
    bpe->merge(text, method, got);
    if (got != want) std::abort();
  }
  const auto tokenizer = Tokenizer::make(v);
  if (!tokenizer) std::abort();
  Ids first, again;
  tokenizer->encode_text(text, first);
  tokenizer->encode_text(text, again);
  const auto back = tokenizer->decode(first);
  if (first != again || !back || *back != text) std::abort();
  return 0;
}
