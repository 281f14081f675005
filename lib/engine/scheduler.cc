#include "lib/engine/scheduler.h"

#include <algorithm>

namespace rm::engine {
namespace {

constexpr std::int64_t kDraftRows = 32;  // most guesses of a step
constexpr int kLookAhead = 64;           // waiting sequences looked at when the first ones wait for a prefix

std::int64_t common_prefix(std::span<const Token> a, std::span<const Token> b) {
  return std::ranges::mismatch(a, b).in1 - a.begin();
}

}  // namespace

void Scheduler::add(Sequence& s) { waiting_.emplace(s.serial, &s); }

void Scheduler::remove(Sequence& s) {
  waiting_.erase(s.serial);
  std::erase(running_, &s);
  pool_.drop_all(s.pages);
}

Plan Scheduler::next() {
  copies_.clear();
  admit();
  Plan plan = o_.chunk > 0 ? next_fixed() : next_mixed();
  plan.copies = copies_;
  return plan;
}

void Scheduler::shrink() { o_.step_tokens = std::max<std::int64_t>(1, o_.step_tokens / 2); }

// Tokens computed as a prompt is: all that is known, in default mode; what was known at submission, in deterministic
// mode.
std::int64_t Scheduler::prefill_end(const Sequence& s) const {
  return o_.chunk > 0 && !s.forced() ? s.prompt : s.target();
}

// Positions whose logits nobody wants any more.
std::int64_t Scheduler::most_shared(const Sequence& s) const {
  return o_.chunk > 0 && !s.forced() ? s.prompt - 1 : s.first_logit();
}

std::int64_t Scheduler::shareable(const Sequence& s) const { return most_shared(s) / grain() * grain(); }

void Scheduler::admit() {
  int looked = 0;
  for (auto it = waiting_.begin(); it != waiting_.end() && looked < kLookAhead; ++looked) {
    if (static_cast<int>(running_.size()) >= o_.batch) return;
    const Admission a = try_admit(*it->second);
    if (a == Admission::kFull) return;
    it = a == Admission::kAdmitted ? waiting_.erase(it) : std::next(it);
  }
}

Scheduler::Admission Scheduler::try_admit(Sequence& s) {
  const std::int64_t most = shareable(s);
  auto prefix = pool_.match(std::span(s.tokens).first(static_cast<std::size_t>(most)));
  const std::int64_t width = pool_.page_tokens();
  const std::int64_t have = static_cast<std::int64_t>(prefix.pages.size()) * width / grain() * grain();
  while (static_cast<std::int64_t>(prefix.pages.size()) * width > have) {
    pool_.drop(prefix.pages.back());
    prefix.pages.pop_back();
  }
  if (being_computed(s, have)) {
    pool_.drop_all(prefix.pages);
    return Admission::kWait;
  }
  const std::int64_t need = pages_for(s.target()) - static_cast<std::int64_t>(prefix.pages.size());
  const auto spare = static_cast<std::int64_t>(running_.size());  // a page for each that may need its next one
  if (pool_.available() < need + spare) {
    pool_.drop_all(prefix.pages);
    return Admission::kFull;
  }
  s.pages = std::move(prefix.pages);
  s.computed = have;
  s.published = static_cast<std::int64_t>(s.pages.size());
  s.history = s.pages.empty() ? 0 : pool_.history_of(s.pages.back());
  shared_tokens_ += have;
  for (std::int64_t i = 0; i < need; ++i) s.pages.push_back(pool_.take().value_or(-1));
  if (o_.copies) copy_beginning(s);
  running_.push_back(&s);
  return Admission::kAdmitted;
}

// Where a running sequence has computed more of this one's beginning than lies in shared pages. Whoever loses its pages before the
// step runs is younger than both, or is this one.
void Scheduler::copy_beginning(Sequence& s) {
  const auto wanted = std::span(s.tokens).first(static_cast<std::size_t>(most_shared(s)));
  const Sequence* donor = nullptr;
  std::int64_t common = s.computed;
  for (const Sequence* r : running_) {
    const std::int64_t n = std::min(common_prefix(wanted, r->tokens), r->computed);
    if (n > common) donor = r, common = n;
  }
  if (donor == nullptr) return;
  const std::int64_t width = pool_.page_tokens();
  for (std::int64_t p = s.computed / width; p * width < common; ++p) {
    const auto i = static_cast<std::size_t>(p);
    copies_.push_back({donor->pages[i], s.pages[i]});
  }
  shared_tokens_ += common - s.computed;
  s.computed = common;
}

// Whether a running sequence is about to compute more of this one's beginning than the `have` tokens found already.
bool Scheduler::being_computed(const Sequence& s, std::int64_t have) const {
  const std::int64_t step = o_.copies ? 1 : grain();
  const auto wanted = std::span(s.tokens).first(static_cast<std::size_t>(most_shared(s) / step * step));
  if (static_cast<std::int64_t>(wanted.size()) <= have) return false;
  return std::ranges::any_of(running_, [&](const Sequence* r) {
    const std::int64_t end = prefill_end(*r);
    if (r->computed >= end) return false;
    const auto theirs = std::span(r->tokens).first(static_cast<std::size_t>(end));
    const std::int64_t common = common_prefix(wanted, theirs) / step * step;
    return common > have && r->computed < common;
  });
}

// The page of the next position. Puts back the youngest until there is one; false when that was `s` itself.
bool Scheduler::ensure_page(Sequence& s) {
  if (pages_for(s.computed + 1) <= static_cast<std::int64_t>(s.pages.size())) return true;
  for (;;) {
    if (const auto page = pool_.take()) {
      s.pages.push_back(*page);
      return true;
    }
    Sequence& youngest = *running_.back();
    put_back(youngest);
    if (&youngest == &s) return false;
  }
}

void Scheduler::put_back(Sequence& s) {
  std::erase(running_, &s);
  pool_.drop_all(s.pages);
  s.computed = s.published = 0;
  s.history = 0;
  waiting_.emplace(s.serial, &s);
  ++preempted_;
}

Plan Scheduler::next_mixed() {
  Plan plan;
  std::int64_t budget = o_.step_tokens, rows = o_.logit_rows;
  // Victims are always younger than the sequence in need, so none of them is in the plan yet.
  for (std::size_t i = 0; i < running_.size() && budget > 0; ++i) {
    Sequence& s = *running_[i];
    if (s.forced() || s.pending() != 1 || !ensure_page(s)) continue;
    plan.work.push_back({&s, 1, true, false});
    --budget;
  }
  budget -= draft(plan, std::min(budget, kDraftRows));
  for (Sequence* s : running_) {
    if (budget <= 0) break;
    Work w;
    if ((!s->forced() && s->pending() == 1) || !chunk_of(*s, budget, rows, w)) continue;
    budget -= w.count;
    rows -= w.all_logits ? w.count : 0;
    plan.work.push_back(w);
  }
  return plan;
}

// Default mode: the next tokens of a prompt, or of a forced reply as far as rows of logits go.
bool Scheduler::chunk_of(Sequence& s, std::int64_t budget, std::int64_t rows, Work& w) const {
  if (!s.forced()) {
    const std::int64_t n = std::min(budget, s.pending());
    w = {&s, n, n == s.pending(), false};
  } else if (s.computed < s.first_logit()) {
    w = {&s, std::min(budget, s.first_logit() - s.computed), false, false};
  } else {
    w = {&s, std::min({budget, rows, s.pending()}), false, true};
  }
  return w.count > 0;
}

Plan Scheduler::next_fixed() {
  Plan plan;
  for (Sequence* s : running_) {
    const std::int64_t end = prefill_end(*s);
    if (s->computed >= end) continue;
    const std::int64_t until = std::min((s->computed / o_.chunk + 1) * o_.chunk, end);
    const bool all = s->forced() && until > s->first_logit();
    plan.work.push_back({s, until - s->computed, !all && !s->forced() && until == s->target(), all});
    plan.pad_rows = static_cast<int>(o_.chunk);
    return plan;
  }
  for (std::size_t i = 0; i < running_.size(); ++i) (void)ensure_page(*running_[i]);
  std::vector<Sequence*> rows = running_;
  std::ranges::stable_sort(rows, {}, &Sequence::turn);
  if (static_cast<int>(rows.size()) > o_.group) rows.resize(static_cast<std::size_t>(o_.group));
  ++clock_;
  for (Sequence* s : rows) {
    plan.work.push_back({s, 1, s->pending() == 1, false});
    s->turn = clock_;
  }
  draft(plan, o_.group - static_cast<std::int64_t>(plan.work.size()));
  plan.pad_rows = o_.group;
  return plan;
}

// Adds guesses to the rows of replies, `most` rows in all; says how many.
std::int64_t Scheduler::draft(Plan& plan, std::int64_t most) {
  std::int64_t rows = 0;
  if (o_.draft <= 0) return rows;
  const auto replies = static_cast<int>(plan.work.size());
  for (Work& w : plan.work) {
    Sequence& s = *w.sequence;
    if (!w.logits || s.forced() || rows >= most) continue;
    // The reply's last token is only said, never computed.
    const std::int64_t left = s.limit - static_cast<std::int64_t>(s.tokens.size()) - 1;
    const Draft d = drafter_.guess(s.tokens, replies, std::min(most - rows, left));
    w.drafted = free_positions(s, static_cast<std::int64_t>(d.tokens.size()));
    if (w.drafted == 0) continue;
    s.guessed.assign(1, s.tokens.back());
    s.guessed.insert(s.guessed.end(), d.tokens.begin(), d.tokens.begin() + w.drafted);
    s.match = d.match;
    w.count += w.drafted;
    w.logits = false;
    w.all_logits = true;
    rows += w.drafted;
  }
  return rows;
}

// Positions after the next one that the sequence has pages for, or gets without anybody's loss; `wanted` at most.
std::int64_t Scheduler::free_positions(Sequence& s, std::int64_t wanted) {
  const auto have = [&] { return static_cast<std::int64_t>(s.pages.size()) * pool_.page_tokens() - s.computed - 1; };
  while (have() < wanted && pool_.available() > static_cast<std::int64_t>(running_.size())) {
    if (const auto page = pool_.take()) s.pages.push_back(*page);
  }
  return std::min(wanted, have());
}

void Scheduler::advance(const Work& w, std::int64_t accepted) {
  Sequence& s = *w.sequence;
  if (w.drafted > 0) drafter_.learn(s.match, w.drafted, accepted);
  s.computed += w.count - w.drafted + accepted;
  const std::int64_t width = pool_.page_tokens();
  const std::int64_t full = o_.chunk > 0 ? std::min(s.computed, prefill_end(s)) / o_.chunk * o_.chunk : s.computed;
  for (; (s.published + 1) * width <= full; ++s.published) {
    Page& page = s.pages[static_cast<std::size_t>(s.published)];
    const auto begin = static_cast<std::size_t>(s.published * width);
    const auto made =
        pool_.publish(page, s.history, std::span(s.tokens).subspan(begin, static_cast<std::size_t>(width)));
    page = made.page;
    s.history = made.history;
  }
}

}  // namespace rm::engine
