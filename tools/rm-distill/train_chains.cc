#include "tools/rm-distill/train_chains.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "lib/base/hash.h"
#include "lib/base/number.h"
#include "lib/tune/order.h"

namespace rm::rmdistill {
namespace {

// A chain that was not kept is a teacher's matter; of one that is too long there is nothing to mend.
const traincli::Lenience kLenience{{"not_kept"}, {"too_long"}};

// What becomes of the records of one file.
Result<void> take_file(const TrainOptions& o, const traincli::Lexicon& lexicon, const std::string& path,
                       bool validation, Chains& c) {
  const auto take = [&](const records::Line&, const json::Value& record) -> Result<void> {
    RM_ASSIGN(tune::ChainText chain, tune::read_chain_text(record, o.map));
    RM_ASSIGN(tune::Example e, tune::make_example(chain, lexicon.tokenizer, lexicon.chat, o.settings.mask,
                                                  o.settings.max_length, lexicon.vocab));
    const auto length = static_cast<std::int64_t>(e.ids.size());
    c.longest = std::max(c.longest, length);
    if (validation || (o.val_share && tune::held_out(chain, *o.val_share))) {
      if (std::ssize(c.ask) < o.val_generate) c.ask.push_back(std::move(chain));
      c.validate.push_back(std::move(e));
      return {};
    }
    c.learn_tokens += length;
    c.targets += length - e.targets;
    c.learn.push_back(std::move(e));
    return {};
  };
  return traincli::read_records(o, path, kLenience, take, c.records, c.left_out);
}

}  // namespace

std::uint64_t Chains::failed() const { return traincli::faults(left_out, kLenience.silent); }

std::string Chains::hash() const {
  ContentHash h;
  for (const tune::Example& e : learn) {
    h.add(std::string_view(reinterpret_cast<const char*>(e.ids.data()), e.ids.size() * sizeof(e.ids[0])));
    h.add(static_cast<std::uint64_t>(e.targets));
  }
  return hex64(h.digest());
}

Result<Chains> read_chains(const TrainOptions& o, const traincli::Lexicon& lexicon) {
  Chains c;
  RM_TRY(take_file(o, lexicon, o.common.in, false, c));
  if (!o.val_file.empty()) RM_TRY(take_file(o, lexicon, o.val_file, true, c));
  if (c.learn.empty()) return traincli::nothing_left(o, "learn from", c.records, c.left_out);
  const bool validates = o.val_share || !o.val_file.empty();
  if (validates && c.validate.empty()) return traincli::nothing_left(o, "validate on", c.records, c.left_out);
  return c;
}

std::int64_t most_at_once(const Chains& c, std::int64_t batch) {
  std::vector<std::int64_t> lengths;
  for (const tune::Example& e : c.learn) lengths.push_back(std::ssize(e.ids));
  std::ranges::sort(lengths, std::greater());
  lengths.resize(std::min(lengths.size(), static_cast<std::size_t>(batch)));
  std::int64_t held_out = 0;
  for (const tune::Example& e : c.validate) held_out += std::ssize(e.ids);
  return std::max(std::accumulate(lengths.begin(), lengths.end(), std::int64_t{0}), held_out);
}

std::string text(const Chains& c) {
  const auto n = [](std::int64_t v) { return format_grouped(static_cast<std::uint64_t>(v)); };
  std::string out = format_grouped(c.learn.size()) + (c.learn.size() == 1 ? " chain" : " chains") + " to learn (" +
                    n(c.learn_tokens) + " tokens, " + n(c.targets) + " of them learned, the longest chain " +
                    n(c.longest) + ")";
  if (!c.validate.empty()) out += ", " + format_grouped(c.validate.size()) + " to validate on";
  return out + traincli::left_out_text(c.left_out, "; ");
}

}  // namespace rm::rmdistill
