#include "lib/bench/figures.h"

#include <cmath>

#include "lib/base/hash.h"
#include "lib/base/rng.h"

namespace rm::bench {
namespace {

using stats::Ratio;

Figure with_wilson(Figure f, const Ratio& r) {
  f.interval = stats::wilson(std::llround(r.sum), std::llround(r.count));
  f.method = "wilson";
  return f;
}

Figure with_bootstrap(Figure f, const stats::Composite& c, const Settings& s, bool differences) {
  if (c.empty()) return f;
  f.value = c.value();
  const std::uint64_t seed = derive_seed(s.seed, hash64(f.group), hash64(f.name));
  f.interval = stats::bootstrap(c, seed, s.resamples);
  f.method = "bootstrap";
  if (f.interval.high > f.interval.low || differences) return f;
  // Nothing varies among the items: resampling them says nothing, their number does.
  double items = 0;
  for (const stats::Stratum& stratum : c.strata) {
    for (const stats::Pattern& p : stratum.patterns) items += static_cast<double>(p.items);
  }
  const Ratio alike{std::round(*f.value * items), items};
  return with_wilson(std::move(f), alike);
}

}  // namespace

std::vector<stats::Pattern> Patterns::take() {
  for (int v = 0; v < 2; ++v) {
    if (plain_[v] > 0) patterns_.push_back({plain_[v], {{double(v), 1}}});
  }
  return std::move(patterns_);
}

void Patterns::add_other(std::span<const Ratio> terms) {
  key_.assign(reinterpret_cast<const char*>(terms.data()), terms.size_bytes());
  const auto [at, fresh] = index_.try_emplace(key_, patterns_.size());
  if (fresh) patterns_.push_back({0, {terms.begin(), terms.end()}});
  ++patterns_[at->second].items;
}

Figures::Figures(const Slots& slots, Source source, const Settings& s, bool differences)
    : slots_(slots), source_(std::move(source)), settings_(s), differences_(differences), totals_(slots.all().size()) {
  source_([&](std::uint64_t, std::size_t, std::span<const Share> shares) {
    for (const Share& share : shares) {
      SlotTotal& t = totals_[share.slot];
      t.ratio.sum += share.ratio.sum;
      t.ratio.count += share.ratio.count;
      t.simple &= share.ratio.count == 1 && (share.ratio.sum == 0 || share.ratio.sum == 1);
    }
  });
}

Figure Figures::weighted(std::string group, std::string name, const std::vector<Term>& terms) const {
  Figure f{std::move(group), std::move(name)};
  for (const Term& t : terms) f.n += static_cast<std::uint64_t>(totals_[t.slot].ratio.count);
  if (terms.size() == 1 && totals_[terms[0].slot].simple && !differences_)
    return pooled(f.group, f.name, {terms[0].slot});
  stats::Composite c;
  std::vector<std::size_t> stratum_of(slots_.all().size(), SIZE_MAX), place_of(slots_.all().size(), SIZE_MAX);
  for (const Term& t : terms) {
    std::size_t& at = stratum_of[slots_.all()[t.slot].stratum];
    if (at == SIZE_MAX) at = c.strata.size(), c.strata.emplace_back();
    place_of[t.slot] = c.strata[at].weights.size();
    c.strata[at].weights.push_back(t.weight);
  }
  std::vector<Patterns> patterns;
  std::vector<std::vector<Ratio>> scratch;
  for (const stats::Stratum& s : c.strata)
    patterns.emplace_back(s.weights.size()), scratch.emplace_back(s.weights.size());
  source_([&](std::uint64_t, std::size_t stratum, std::span<const Share> shares) {
    const std::size_t at = stratum_of[stratum];
    if (at == SIZE_MAX) return;
    scratch[at].assign(scratch[at].size(), Ratio());
    bool any = false;
    for (const Share& s : shares) {
      if (place_of[s.slot] == SIZE_MAX) continue;
      scratch[at][place_of[s.slot]] = s.ratio;
      any = true;
    }
    if (any) patterns[at].add(scratch[at]);
  });
  for (std::size_t i = 0; i < c.strata.size(); ++i) c.strata[i].patterns = patterns[i].take();
  return with_bootstrap(std::move(f), c, settings_, differences_);
}

Figure Figures::pooled(std::string group, std::string name, const std::vector<std::size_t>& slots) const {
  Figure f{std::move(group), std::move(name)};
  Ratio sum;
  bool simple = !differences_;
  std::vector<bool> mine(slots_.all().size(), false);
  for (const std::size_t s : slots) {
    mine[s] = true;
    sum.sum += totals_[s].ratio.sum;
    sum.count += totals_[s].ratio.count;
    simple &= totals_[s].simple;
  }
  if (simple && sum.count > 0) {
    f.n = static_cast<std::uint64_t>(std::llround(sum.count));
    f.value = sum.sum / sum.count;
    return with_wilson(std::move(f), sum);
  }
  Patterns patterns(1);
  source_([&](std::uint64_t, std::size_t, std::span<const Share> shares) {
    Ratio r;
    for (const Share& s : shares) {
      if (mine[s.slot]) r.sum += s.ratio.sum, r.count += s.ratio.count;
    }
    if (r.count > 0) patterns.add(r);
  });
  return pattern_figure(std::move(f), std::move(patterns), settings_, differences_);
}

Figure pattern_figure(Figure f, Patterns patterns, const Settings& s, bool differences) {
  const bool simple = patterns.simple() && !differences;
  stats::Composite c{{{{1}, patterns.take()}}};
  Ratio sum;
  for (const stats::Pattern& p : c.strata[0].patterns) {
    sum.sum += static_cast<double>(p.items) * p.terms[0].sum;
    sum.count += static_cast<double>(p.items) * p.terms[0].count;
  }
  f.n = static_cast<std::uint64_t>(std::llround(sum.count));
  if (sum.count <= 0) return f;
  f.value = sum.sum / sum.count;
  return simple ? with_wilson(std::move(f), sum) : with_bootstrap(std::move(f), c, s, differences);
}

}  // namespace rm::bench
