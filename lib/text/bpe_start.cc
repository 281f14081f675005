// What merging starts from: whole characters where nothing else can come of their bytes, else bytes.
//
// Text of large alphabets has few ASCII characters and long pieces, and most merges only put characters together again.
// A character may start whole when
//   - merging its bytes gives one token, by merges that all come before any that uses that token; and
//   - no merge reaches across its edges with only a part of a character: neither side would wait for the other.
// A merge that first reaches across an edge joins exactly there, so the second is a question about two bytes: does any
// merge of parts join such a last byte with such a first byte (joints_)?

#include <algorithm>

#include "lib/text/bpe.h"
#include "lib/text/utf8.h"

namespace rm::text {

void Bpe::add_characters() {
  std::vector<std::uint32_t> first_use(size(), kNoRank);  // the lowest rank of a merge that has the token on a side
  for (std::uint32_t rank = 0; rank < merges_.size(); ++rank) {
    const Merge& m = merges_[rank];
    if (m.left < 0 || m.right < 0 || m.id < 0) continue;
    for (const std::int32_t side : {m.left, m.right}) {
      auto& use = first_use[static_cast<std::size_t>(side)];
      use = std::min(use, rank);
    }
    const std::string_view left = bytes(m.left), right = bytes(m.right);
    if (!valid_utf8(left) || !valid_utf8(right)) set_joint(left.back(), right.front());
  }
  for (unsigned b = 0; b < 256; ++b) {
    if (byte_id_[b] >= 0) continue;
    for (unsigned other = 0; other < 256; ++other) {  // it is left out, and who knows what then meets
      set_joint(static_cast<char>(b), static_cast<char>(other));
      set_joint(static_cast<char>(other), static_cast<char>(b));
    }
  }
  characters_.assign(0x10000, -1);
  for (std::size_t i = 0; i < size(); ++i) {
    const auto id = static_cast<std::int32_t>(i);
    const std::string_view text = bytes(id);
    if (text.size() < 2 || text.size() > 3) continue;
    const CodePoint c = decode_at(text, 0);
    if (c.code >= characters_.size() || c.length != text.size()) continue;
    const auto [made, rank] = merge_character(text);
    if (made == id && rank < first_use[i]) characters_[c.code] = id;
  }
}

// What the two or three bytes of a character become, and the highest rank it took; no token where they stay apart.
std::pair<std::int32_t, std::uint32_t> Bpe::merge_character(std::string_view text) const {
  std::int32_t id[3] = {-1, -1, -1};
  for (std::size_t i = 0; i < text.size(); ++i) id[i] = byte_id_[static_cast<unsigned char>(text[i])];
  std::uint32_t highest = 0;
  for (std::size_t n = text.size(); n > 1; --n) {
    const Pair* first = pair(id[0], id[1]);
    const Pair* second = n == 3 ? pair(id[1], id[2]) : nullptr;
    if (!first && !second) return {-1, kNoRank};
    const bool right = !first || (second && second->rank < first->rank);
    const Pair& p = right ? *second : *first;
    highest = std::max(highest, p.rank);
    id[right ? 1 : 0] = p.id;
    if (!right) id[1] = id[2];
  }
  return {id[0], highest};
}

std::size_t Bpe::start(std::string_view piece, std::int32_t* out) const {
  std::int32_t* to = out;
  for (std::size_t at = 0; at < piece.size();) {
    std::size_t length = 1;
    if (static_cast<unsigned char>(piece[at]) >= 0x80 && !characters_.empty()) {
      const CodePoint c = decode_at(piece, at);
      length = c.length;
      const std::size_t end = at + length;
      if (c.code < characters_.size() && characters_[c.code] >= 0 && (at == 0 || !joint(piece[at - 1], piece[at])) &&
          (end == piece.size() || !joint(piece[end - 1], piece[end]))) {
        *to++ = characters_[c.code];
        at = end;
        continue;
      }
    }
    for (const std::size_t end = at + length; at < end; ++at) {
      *to = byte_id_[static_cast<unsigned char>(piece[at])];
      if (*to >= 0) ++to;
    }
  }
  return static_cast<std::size_t>(to - out);
}

}  // namespace rm::text
