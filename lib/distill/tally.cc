#include "lib/distill/tally.h"

#include "lib/base/number.h"

namespace rm::distill {
namespace {

using records::ChainStatus;

constexpr std::int64_t kFirstBin = 64;

std::string share(std::uint64_t n, std::uint64_t of) {
  return of == 0 ? "" : " (" + format_fixed(100.0 * static_cast<double>(n) / static_cast<double>(of), 1) + " %)";
}

}  // namespace

void Tally::add(const Entry& c, bool asked) {
  seen_.add(c.verdict);
  if (asked) {
    ++asked_;
    prompt_tokens_ += c.prompt_tokens;
    completion_tokens_ += c.completion_tokens;
  }
  std::size_t bin = 0;
  for (std::int64_t most = kFirstBin; bin + 1 < kBins && c.completion_tokens > most; most *= 2) ++bin;
  if (c.status == ChainStatus::kFailed) {
    ++failed_before_;
    ++reasons_[c.reason];
    return;
  }
  if (c.status == ChainStatus::kKept) {
    ++kept_[c.pass == 2 ? 1 : 0];
    kept_labels_.add(c.verdict);
    ++lengths_[bin].kept;
    return;
  }
  ++(c.status == ChainStatus::kLeak ? leak_ : wrong_);
  ++reasons_[c.reason];
  ++lengths_[bin].other;
}

void Tally::write(json::Writer& w) const {
  w.member("asked", asked_);
  w.key("kept").begin_object().member("pass_1", kept_[0]).member("pass_2", kept_[1]).end_object();
  w.member("wrong", wrong_).member("leak", leak_);
  w.key("reasons").begin_object();
  for (const auto& [reason, n] : reasons_) w.member(reason, n);
  w.end_object().key("labels").begin_object();
  w.key("seen").begin_object().member("A", seen_.a).member("B", seen_.b).end_object();
  w.key("kept").begin_object().member("A", kept_labels_.a).member("B", kept_labels_.b).end_object().end_object();
  w.key("tokens").begin_object().member("prompt", prompt_tokens_).member("completion", completion_tokens_).end_object();
  w.key("histogram").begin_array();
  std::int64_t most = kFirstBin;
  for (std::size_t i = 0; i < kBins; ++i, most *= 2) {
    w.begin_object().key("up_to");
    i + 1 < kBins ? w.value(most) : w.null();
    w.member("kept", lengths_[i].kept).member("other", lengths_[i].other).end_object();
  }
  w.end_array();
}

std::string Tally::text() const {
  const std::uint64_t chains = kept() + wrong_ + leak_;
  std::string s = format_grouped(kept()) + " kept" + share(kept(), chains);
  if (kept_[0] > 0 && kept_[1] > 0)
    s += ": " + format_grouped(kept_[0]) + " of the first pass, " + format_grouped(kept_[1]) + " of the second";
  s += "; " + format_grouped(wrong_) + " wrong, " + format_grouped(leak_) + " leak";
  std::string why;
  for (const auto& [reason, n] : reasons_) why += (why.empty() ? " (" : ", ") + format_grouped(n) + " " + reason;
  if (!why.empty()) s += why + ")";
  s += "\nright verdict A and B: " + format_grouped(seen_.a) + " and " + format_grouped(seen_.b) + " of all, ";
  s += format_grouped(kept_labels_.a) + " and " + format_grouped(kept_labels_.b) + " of the kept; ";
  return s + format_grouped(static_cast<std::uint64_t>(prompt_tokens_)) + " prompt and " +
         format_grouped(static_cast<std::uint64_t>(completion_tokens_)) + " reply tokens";
}

}  // namespace rm::distill
