#include "tools/rm-distill/train_chains.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "lib/base/hash.h"
#include "lib/base/number.h"
#include "lib/records/line.h"
#include "lib/records/lines.h"
#include "lib/tune/order.h"
#include "tools/rm-distill/verbs.h"

namespace rm::rmdistill {
namespace {

constexpr std::uint64_t kTold = 3;  // messages of one reason

// Takes the records of one file.
class Reading {
 public:
  Reading(const TrainOptions& o, const Lexicon& lexicon, Chains& chains) : o_(o), lexicon_(lexicon), chains_(chains) {}

  Result<void> file(const std::string& path, bool validation) {
    RM_ASSIGN(records::Lines lines, records::Lines::open(path));
    records::Line line;
    while (true) {
      RM_ASSIGN(const bool more, lines.next(line));
      if (!more) return {};
      ++chains_.records;
      auto taken = take(line, lines.name(), validation);
      if (taken) continue;
      Error e = taken.error();
      const std::string at = lines.name() + ":" + std::to_string(line.number);
      if (!e.where.starts_with(at)) e.where = e.where.empty() ? at : at + ": " + e.where;
      if (e.exit != Exit::kInput || (o_.stops_on_bad && e.reason != "not_kept" && e.reason != "too_long")) return e;
      leave_out(e);
    }
  }

 private:
  Result<void> take(const records::Line& line, const std::string& name, bool validation) {
    RM_ASSIGN(const json::Value record, records::parse_line(doc_, line, name));
    RM_ASSIGN(tune::ChainText chain, tune::read_chain_text(record, o_.map));
    RM_ASSIGN(tune::Example e, tune::make_example(chain, lexicon_.tokenizer, lexicon_.chat, o_.settings.mask,
                                                  o_.settings.max_length, lexicon_.vocab));
    const auto length = static_cast<std::int64_t>(e.ids.size());
    chains_.longest = std::max(chains_.longest, length);
    if (validation || (o_.val_share && tune::held_out(chain, *o_.val_share))) {
      if (std::ssize(chains_.ask) < o_.val_generate) chains_.ask.push_back(std::move(chain));
      chains_.validate.push_back(std::move(e));
      return {};
    }
    chains_.learn_tokens += length;
    chains_.targets += length - e.targets;
    chains_.learn.push_back(std::move(e));
    return {};
  }

  void leave_out(const Error& e) {
    const std::uint64_t n = ++chains_.left_out[e.reason];
    if (o_.common.quiet || e.reason == "not_kept" || n > kTold) return;
    cli::warn(kProgram, e.text() + (n == kTold ? " (more of this kind are counted, not told)" : ""));
  }

  const TrainOptions& o_;
  const Lexicon& lexicon_;
  Chains& chains_;
  json::Document doc_;
};

// "; left out: 3 too_long, 1 not_kept", or nothing.
std::string left_out_text(const Chains& c, const std::string& before) {
  std::string out;
  for (const auto& [reason, n] : c.left_out)
    out += (out.empty() ? before + "left out: " : ", ") + format_grouped(n) + " " + reason;
  return out;
}

Error nothing(const Chains& c, const std::string& what) {
  return make_error(Exit::kInput, "empty",
                    "there is no chain to " + what + ": " + format_grouped(c.records) + " records were read" +
                        left_out_text(c, ", "));
}

}  // namespace

std::uint64_t Chains::failed() const {
  std::uint64_t n = 0;
  for (const auto& [reason, count] : left_out) {
    if (reason != "not_kept") n += count;
  }
  return n;
}

std::string Chains::hash() const {
  ContentHash h;
  for (const tune::Example& e : learn) {
    h.add(std::string_view(reinterpret_cast<const char*>(e.ids.data()), e.ids.size() * sizeof(e.ids[0])));
    h.add(static_cast<std::uint64_t>(e.targets));
  }
  return hex64(h.digest());
}

Result<Chains> read_chains(const TrainOptions& o, const Lexicon& lexicon) {
  Chains c;
  Reading reading(o, lexicon, c);
  RM_TRY(reading.file(o.common.in, false));
  if (!o.val_file.empty()) RM_TRY(reading.file(o.val_file, true));
  if (c.learn.empty()) return nothing(c, "learn from");
  const bool validates = o.val_share || !o.val_file.empty();
  if (validates && c.validate.empty()) return nothing(c, "validate on");
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
  return out + left_out_text(c, "; ");
}

}  // namespace rm::rmdistill
