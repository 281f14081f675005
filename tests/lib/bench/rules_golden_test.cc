// Scores against an independent statement of the published rules, and against the numbers published with two models.
#include <doctest/doctest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <map>

#include "lib/base/fd.h"
#include "lib/base/json.h"
#include "lib/bench/scores.h"
#include "lib/records/lines.h"
#include "lib/stats/bootstrap.h"
#include "tests/lib/bench/judged_records.h"

namespace rm::bench {
namespace {

std::map<std::string, double> figures_of(Tally& t, const Settings& s) {
  const auto scores = score(t, s);
  REQUIRE(scores.ok());
  std::map<std::string, double> out;
  const auto put = [&](const Figure& f) {
    if (!f.value) return;
    out[f.group + "/" + f.name] = *f.value;
    CHECK(f.interval.low <= *f.value + 1e-9);
    CHECK(f.interval.high >= *f.value - 1e-9);
  };
  put(scores->overall);
  for (const Figure& f : scores->figures) put(f);
  return out;
}

TEST_CASE("scores are those of the published rules (goldens/eval_rules.py)") {
  auto in = records::Lines::open(RM_SOURCE_DIR "/tests/golden/bench/rules.jsonl.gz");
  REQUIRE(in.ok());
  records::Line line;
  json::Document document;
  int cases = 0;
  for (;;) {
    const auto more = in->next(line);
    REQUIRE(more.ok());
    if (!*more) break;
    const auto row = document.parse(line.text);
    REQUIRE(row.ok());
    CAPTURE(line.number);
    Tally tally;
    for (const json::Value& r : row->find("records")->items()) CHECK(add(tally, r.dump()) == "");
    Settings s;
    const std::string unparsed(*row->find("unparsed")->string());
    s.unparsed = unparsed == "wrong" ? Unparsed::kWrong : unparsed == "chance" ? Unparsed::kChance : Unparsed::kDrop;
    s.upstream_bug = *row->find("upstream_bug")->boolean();
    s.partial = true;
    s.resamples = 200;
    CHECK(tally.check(true).ok());
    const auto got = figures_of(tally, s);
    row->find("figures")->each_member([&](std::string_view name, json::Value want) {
      CAPTURE(std::string(name));
      const auto at = got.find(std::string(name));
      REQUIRE(at != got.end());
      CHECK(at->second == doctest::Approx(*want.number()).epsilon(1e-9));
    });
    ++cases;
  }
  CHECK(cases == 48);
}

// Where the published numbers lie: $RM_SHARED, else shared/data beside the repository.
std::string published() {
  const char* shared = std::getenv("RM_SHARED");
  return (shared != nullptr ? std::string(shared) : std::string(RM_SOURCE_DIR "/../shared/data")) + "/published";
}

const char* const kModels[] = {"RM-R1-Qwen2.5-Instruct-32B", "RM-R1-DeepSeek-Distilled-Qwen-32B"};

class Published {
 public:
  explicit Published(const std::string& path) {
    auto text = fd::read_file(path, 1 << 20);
    REQUIRE_MESSAGE(text.ok(), path);
    auto v = document_.parse(*text);
    REQUIRE(v.ok());
    value = *v;
  }
  double operator[](const char* key) const { return *value.find(key)->number(); }
  json::Value value;

 private:
  json::Document document_;
};

bool there() {
  if (std::filesystem::exists(published())) return true;
  MESSAGE("skipped: no " << published() << " (set RM_SHARED)");
  return false;
}

// n records of a subset of which a share is right.
void fill(Tally& t, const std::string& bench, const std::string& subset, std::int64_t n, double share,
          const char* prefix = "") {
  const auto right = std::llround(share * static_cast<double>(n));
  CHECK(static_cast<double>(right) / static_cast<double>(n) == doctest::Approx(share).epsilon(1e-9));
  for (std::int64_t i = 0; i < n; ++i)
    CHECK(add(t, judged(tag(bench, subset, prefix + std::to_string(i)), i < right ? "A" : "B")) == "");
}

bool four_digits(double a, double b) { return std::fabs(a - b) < 0.5e-4; }

TEST_CASE("RewardBench: published sections and average follow from the published subset scores") {
  if (!there()) return;
  for (const char* model : kModels) {
    CAPTURE(model);
    const std::string folder = published() + "/" + model + "/reward_bench/score_result/";
    const Published subsets(folder + "each_small_section_score.json"), sections(folder + "main_score.json");
    Tally t;
    for (const Subset& s : find_rules("reward-bench")->subsets)
      fill(t, "reward-bench", std::string(s.name), s.items, subsets[std::string(s.name).c_str()]);
    REQUIRE(t.check(false).ok());
    const auto got = figures_of(t, {.resamples = 200});
    for (const char* section : {"Chat", "Chat Hard", "Safety", "Reasoning"})
      CHECK(four_digits(got.at(std::string("section/") + section), sections[section]));
    CHECK(four_digits(got.at("overall/overall"), sections["avg_Result_each_section"]));
    CHECK(four_digits(got.at("micro/every pair alike"), sections["absoluate_Result"]));
  }
}

TEST_CASE("RMB: published mean from its four parts, and best of N from its counts") {
  if (!there()) return;
  for (const char* model : kModels) {
    CAPTURE(model);
    const std::string folder = published() + "/" + model + "/RMB/";
    const Published meta(folder + "META_RESULT.json");
    Tally t;
    for (const Part& p : rmb_parts()) {
      const std::string name(p.name);
      if (!p.groups) {
        fill(t, "rmb", std::string(p.prefix) + "x", p.items, meta[name.c_str()]);
        continue;
      }
      const Published counts(folder + "BoN_set_" + name.substr(4) + "/score_result/Final_score.json");
      const json::Value head = counts.value.items().front();
      const auto right = *head.find("BoN Absolute Number of Correct")->integer();
      const auto all = *head.find("BoN Absolute Total Numbers")->integer();
      CHECK(all == p.items);
      fill(t, "rmb", std::string(p.prefix) + "x", all, double(right) / double(all));
    }
    REQUIRE(t.check(false).ok());
    const auto got = figures_of(t, {.resamples = 200});
    for (const Part& p : rmb_parts())
      CHECK(four_digits(got.at("part/" + std::string(p.name)), meta[std::string(p.name).c_str()]));
    CHECK(four_digits(got.at("overall/overall"), meta["Accuracy Averaged from Four Sections"]));
  }
}

TEST_CASE("RM-Bench: published total from its domains and from its levels") {
  if (!there()) return;
  for (const char* model : kModels) {
    CAPTURE(model);
    const Published result(published() + "/" + model + "/RM-Bench/final_result.json");
    Tally t;
    // A domain's score fixes how many of its cells are right, not which: any choice gives the same domain.
    std::map<std::string, std::int64_t> left;
    for (const Subset& s : find_rules("rm-bench")->subsets) left[std::string(s.section)] += 9 * s.items;
    for (auto& [domain, cells] : left) {
      const double right = result[domain.c_str()] * double(cells);
      CHECK(right == doctest::Approx(std::round(right)).epsilon(1e-9));
      cells = std::llround(right);
    }
    for (const Subset& s : find_rules("rm-bench")->subsets) {
      for (std::int64_t i = 0; i < s.items; ++i) {
        for (int c = 0; c < kCells; ++c) {
          const bool right = left[std::string(s.section)]-- > 0;
          CHECK(add(t, judged(tag("rm-bench", std::string(s.name), std::to_string(i), c, kCells), right ? "A" : "B")) ==
                "");
        }
      }
    }
    REQUIRE(t.check(false).ok());
    const auto got = figures_of(t, {.resamples = 200});
    for (const char* domain : {"chat", "math", "code", "safety"})
      CHECK(four_digits(got.at(std::string("domain/") + domain), result[domain]));
    CHECK(four_digits(got.at("overall/overall"), result["total_avg_acc"]));
    const double levels = (got.at("level/easy") + got.at("level/normal") + got.at("level/hard")) / 3;
    CHECK(levels == doctest::Approx(got.at("overall/overall")).epsilon(1e-9));
    CHECK(four_digits((result["easy_acc"] + result["normal_acc"] + result["hard_acc"]) / 3, result["total_avg_acc"]));
  }
}

}  // namespace
}  // namespace rm::bench
