#include "tools/rm-rl/pairs.h"

#include <algorithm>

#include "lib/base/hash.h"
#include "lib/base/number.h"
#include "lib/tune/order.h"

namespace rm::rmrl {
namespace {

using traincli::LeftOut;

// Pairs without a label are refused or left out all together; of a prompt that is too long there is nothing to mend.
const traincli::Lenience kLenience{{"no_label", "tied"}, {"too_long"}};

std::string grouped(std::int64_t n) { return format_grouped(static_cast<std::uint64_t>(n)); }

std::uint64_t count(const LeftOut& l, const std::string& reason) {
  const auto found = l.find(reason);
  return found == l.end() ? 0 : found->second.count;
}

// What becomes of the records of one file.
Result<void> take_file(const RlOptions& o, const rl::PromptMaker& maker, const std::string& path, bool validation,
                       Pairs& p) {
  const auto take = [&](const records::Line& line, const json::Value& record) -> Result<void> {
    bool held_out = validation;
    if (!validation && o.val_share) {
      RM_ASSIGN(records::Pair pair, records::read_pair(record, o.map));
      held_out = tune::held_out({std::move(pair.prompt), {}, {}}, *o.val_share);
    }
    RM_ASSIGN(std::vector<rl::Prompt> prompts, maker.read(record, held_out));
    for (rl::Prompt& prompt : prompts) {
      prompt.record = p.numbers.size();
      p.longest = std::max(p.longest, std::ssize(prompt.ids));
      if (!held_out) {
        p.prompt_tokens += std::ssize(prompt.ids);
        p.label_a += prompt.label == judge::Side::kA;
      }
      (held_out ? p.validate : p.learn).push_back(std::move(prompt));
    }
    p.numbers.push_back(line.number);
    if (!o.reward_cmd.empty()) p.lines.emplace_back(held_out ? std::string_view() : line.text);
    return {};
  };
  return traincli::read_records(o, path, kLenience, take, p.records, p.left_out);
}

Error unlabelled(const Pairs& p) {
  const std::uint64_t none = count(p.left_out, "no_label"), tied = count(p.left_out, "tied");
  const auto pairs = [](std::uint64_t n) { return format_grouped(n) + (n == 1 ? " pair" : " pairs"); };
  std::string what = none > 0 ? pairs(none) + (none == 1 ? " says" : " say") + " not which answer is better" : "";
  if (none > 0 && tied > 0) what += ", and ";
  if (tied > 0) what += pairs(tied) + (tied == 1 ? " is a tie" : " are ties");
  return make_error(Exit::kInput, "unlabelled",
                    what + ", so that no verdict on them is right; the first is at " +
                        p.left_out.at(none > 0 ? "no_label" : "tied").first.where +
                        ": --skip-unlabelled leaves them out");
}

}  // namespace

std::uint64_t Pairs::failed() const { return traincli::faults(left_out, kLenience.silent); }

std::string Pairs::hash() const {
  ContentHash h;
  for (const rl::Prompt& p : learn) {
    h.add(std::string_view(reinterpret_cast<const char*>(p.ids.data()), p.ids.size() * sizeof(p.ids[0])));
    h.add(static_cast<std::uint64_t>(p.label));
    if (!lines.empty()) h.add(lines[p.record]);
  }
  return hex64(h.digest());
}

Result<rl::PromptMaker> prompt_maker(RlOptions& o, const traincli::Base& base) {
  rl::PromptMaker m{base.lexicon.tokenizer, base.lexicon.chat, judge::PromptSet::built_in(), {}, o.map, 0, 0};
  if (!o.prompt.empty()) {
    RM_ASSIGN(m.wording, judge::PromptSet::read(o.prompt));
  }
  m.settings.form = base.lexicon.chat.reasoning_model() ? judge::Form::kPlain : judge::Form::kCor;
  if (!o.form.empty()) m.settings.form = *judge::parse_form(o.form);
  m.settings.seed = o.common.seed;
  m.vocab = base.lexicon.vocab;
  // One token of a reply at least has to find room.
  const std::int64_t room = base.file->config().context - 1, most = o.rl.max_prompt_tokens;
  m.most_tokens = most > 0 ? std::min(most, room) : room;
  o.rl.prompt_id = m.wording.id(m.settings.form);
  o.rl.train = o.settings;
  return m;
}

Result<Pairs> read_pairs(const RlOptions& o, const rl::PromptMaker& maker) {
  Pairs p;
  RM_TRY(take_file(o, maker, o.common.in, false, p));
  if (!o.val_file.empty()) RM_TRY(take_file(o, maker, o.val_file, true, p));
  if (!o.skip_unlabelled && count(p.left_out, "no_label") + count(p.left_out, "tied") > 0) return unlabelled(p);
  if (p.learn.empty()) return traincli::nothing_left(o, "learn from", p.records, p.left_out);
  const bool validates = o.val_share || !o.val_file.empty();
  if (validates && p.validate.empty()) return traincli::nothing_left(o, "validate on", p.records, p.left_out);
  if (std::ssize(p.learn) < o.settings.batch) {
    return make_error(Exit::kInput, "fewer",
                      grouped(std::ssize(p.learn)) + (p.learn.size() == 1 ? " pair is" : " pairs are") +
                          " fewer than a batch takes (" + grouped(o.settings.batch) +
                          "), and only whole batches are taken: give a smaller --batch-size" +
                          traincli::left_out_text(p.left_out, "; "));
  }
  return p;
}

std::string text(const RlOptions& o, const Pairs& p) {
  const auto n = std::ssize(p.learn), left = n % o.settings.batch;
  std::string out = grouped(n) + (n == 1 ? " pair" : " pairs") + " to learn from (prompts of " +
                    grouped(p.prompt_tokens) + " tokens, the longest " + grouped(p.longest) + "; A is right in " +
                    format_fixed(100 * static_cast<double>(p.label_a) / static_cast<double>(n), 1) + " %)";
  if (left > 0) out += ", " + grouped(left) + " of them left over in each epoch";
  if (!p.validate.empty()) {
    std::int64_t pairs = 1;
    for (std::size_t i = 1; i < p.validate.size(); ++i) pairs += p.validate[i].record != p.validate[i - 1].record;
    out += ", " + grouped(pairs) + " to validate on";
  }
  return out + traincli::left_out_text(p.left_out, "; ");
}

}  // namespace rm::rmrl
