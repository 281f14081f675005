#include "lib/bench/compare.h"

#include "lib/base/hash.h"
#include "lib/base/json.h"
#include "lib/base/rng.h"
#include "lib/bench/shape.h"
#include "lib/stats/agreement.h"

namespace rm::bench {
namespace {

using stats::Ratio;

struct ItemShares {
  std::uint64_t item = 0;
  std::size_t stratum = 0;
  std::vector<Share> shares;
};

std::vector<ItemShares> collect(const Slots& slots, const Settings& s) {
  std::vector<ItemShares> out;
  slots.each_item(judge_credit(s), true, [&](std::uint64_t item, std::size_t stratum, std::span<const Share> shares) {
    out.push_back({item, stratum, {shares.begin(), shares.end()}});
  });
  return out;
}

// Second less first where both count alike; what one of them dropped (--unparsed drop) has no difference.
std::vector<ItemShares> differences(const std::vector<ItemShares>& first, const std::vector<ItemShares>& second) {
  std::vector<ItemShares> out;
  auto b = second.begin();
  for (const ItemShares& a : first) {
    while (b != second.end() && b->item < a.item) ++b;
    if (b == second.end()) break;
    if (b->item != a.item) continue;
    ItemShares d{a.item, a.stratum, {}};
    for (const Share& x : a.shares) {
      for (const Share& y : b->shares) {
        if (x.slot == y.slot && x.ratio.count == y.ratio.count)
          d.shares.push_back({x.slot, {y.ratio.sum - x.ratio.sum, x.ratio.count}});
      }
    }
    if (!d.shares.empty()) out.push_back(std::move(d));
  }
  return out;
}

Figures::Source source_of(const std::vector<ItemShares>& items) {
  return [&items](const Slots::PerItem& f) {
    for (const ItemShares& i : items) f(i.item, i.stratum, i.shares);
  };
}

// Agreement and kappa over records, resampled by item.
void agree(Tally& first, Tally& second, const Settings& s, Comparison& c) {
  const std::vector<Row>&a = first.rows(), &b = second.rows();
  constexpr std::size_t kTable = kCategories * kCategories;
  stats::Stratum stratum{std::vector<double>(kTable, 1), {}};
  Patterns patterns(kTable);
  std::vector<Ratio> of_item(kTable);
  for (std::size_t begin = 0, end = 0; begin < a.size(); begin = end) {
    of_item.assign(kTable, Ratio());
    for (; end < a.size() && a[end].item == a[begin].item; ++end) {
      const std::size_t x = category(a[end].outcome), y = category(b[end].outcome);
      const std::size_t cell = x * kCategories + y;
      ++c.table[cell];
      of_item[cell].sum += 1;
      c.only_first += x == 0 && y != 0;
      c.only_second += x != 0 && y == 0;
    }
    patterns.add(of_item);
  }
  stratum.patterns = patterns.take();
  const auto shares = [](const std::vector<std::vector<Ratio>>& totals) {
    std::vector<double> out;
    for (const Ratio& r : totals[0]) out.push_back(r.sum);
    return out;
  };
  const auto same = [](const std::vector<double>& table) {
    double all = 0, diagonal = 0;
    for (std::size_t i = 0; i < kTable; ++i) all += table[i], diagonal += i % (kCategories + 1) == 0 ? table[i] : 0;
    return all > 0 ? diagonal / all : 0;
  };
  const std::vector<double> table(c.table.begin(), c.table.end());
  c.agreement = {"agreement", "agreement", same(table), {}, "bootstrap", a.size()};
  c.kappa = {"agreement", "kappa", stats::cohen_kappa(table, kCategories), {}, "bootstrap", a.size()};
  const std::uint64_t seed = derive_seed(s.seed, hash64("agreement"));
  c.agreement.interval = stats::bootstrap(
      {stratum}, [&](const auto& t) { return std::optional(same(shares(t))); }, seed, s.resamples);
  c.kappa.interval = stats::bootstrap(
      {stratum}, [&](const auto& t) { return std::optional(stats::cohen_kappa(shares(t), kCategories)); }, seed,
      s.resamples);
}

std::string name_of(const Tally& t) {
  std::string out;
  for (const std::string& m : t.models()) out += (out.empty() ? "" : " + ") + m;
  return out;
}

void write(json::Writer& w, const char* key, const Figure& f) {
  w.key(key).begin_object().member("group", std::string_view(f.group)).member("name", std::string_view(f.name));
  w.member("value", f.value);
  if (f.value)
    w.member("low", f.interval.low).member("high", f.interval.high).member("method", std::string_view(f.method));
  w.member("n", f.n).end_object();
}

}  // namespace

std::size_t category(Outcome o) {
  return o == Outcome::kRight ? 0 : o == Outcome::kWrong ? 1 : o == Outcome::kTie ? 2 : 3;
}

std::string_view category_name(std::size_t c) {
  constexpr std::array<std::string_view, kCategories> kNames{"right", "wrong", "tied", "no verdict"};
  return kNames[c];
}

Result<Comparison> compare(Tally& first, Tally& second, const Settings& s) {
  RM_TRY(second.align_to(first));
  if (first.rows().empty())
    return make_error(Exit::kInput, "no_records", "no judged records of a benchmark were found");
  Comparison c;
  c.first = name_of(first);
  c.second = name_of(second);
  const Slots slots(first, s), other(second, s);
  const std::vector<ItemShares> a = collect(slots, s), b = collect(other, s), d = differences(a, b);
  const Figures of_a(slots, source_of(a), s), of_b(other, source_of(b), s), of_d(slots, source_of(d), s, true);
  // One shape for all three: weights follow the first run where counts make them.
  const Shape shape = shape_of(*first.rules(), slots, of_a.totals(), true);
  c.of_first = shape.overall.figure(of_a);
  c.of_second = shape.overall.figure(of_b);
  c.difference = shape.overall.figure(of_d);
  for (const Group& g : shape.groups) {
    if (Figure f = g.figure(of_d); f.value) c.groups.push_back(std::move(f));
  }
  agree(first, second, s, c);
  c.p = c.p_holm = stats::mcnemar_exact(c.only_first, c.only_second);
  return c;
}

void correct_for_number(std::vector<Comparison>& all) {
  std::vector<double> p;
  for (const Comparison& c : all) p.push_back(c.p);
  const std::vector<double> corrected = stats::holm(p);
  for (std::size_t i = 0; i < all.size(); ++i) all[i].p_holm = corrected[i];
}

Result<void> each_difference(Tally& first, Tally& second, const Differing& f) {
  const std::vector<Row>&a = first.rows(), &b = second.rows();
  for (std::size_t i = 0; i < a.size() && i < b.size(); ++i) {
    if (category(a[i].outcome) != category(b[i].outcome)) RM_TRY(f(first.items()[a[i].item], a[i], b[i]));
  }
  return {};
}

std::string comparisons_json(const std::vector<Comparison>& all, const Settings& s, bool partial) {
  std::string out;
  json::Writer w(out);
  w.begin_object().member("partial", partial).member("seed", s.seed).key("comparisons").begin_array();
  for (const Comparison& c : all) {
    w.begin_object().member("first", std::string_view(c.first)).member("second", std::string_view(c.second));
    write(w, "of_first", c.of_first);
    write(w, "of_second", c.of_second);
    write(w, "difference", c.difference);
    w.key("groups").begin_array();
    for (const Figure& f : c.groups) {
      w.begin_object().member("group", std::string_view(f.group)).member("name", std::string_view(f.name));
      w.member("value", f.value)
          .member("low", f.interval.low)
          .member("high", f.interval.high)
          .member("n", f.n)
          .end_object();
    }
    w.end_array().key("table").begin_object();
    for (std::size_t x = 0; x < kCategories; ++x) {
      w.key(category_name(x)).begin_object();
      for (std::size_t y = 0; y < kCategories; ++y) w.member(category_name(y), c.table[x * kCategories + y]);
      w.end_object();
    }
    w.end_object().member("only_first", c.only_first).member("only_second", c.only_second);
    w.member("p", c.p).member("p_holm", c.p_holm);
    write(w, "agreement", c.agreement);
    write(w, "kappa", c.kappa);
    w.end_object();
  }
  w.end_array().end_object();
  return out;
}

}  // namespace rm::bench
