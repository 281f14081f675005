// Reads {"trace": ...} a line from standard input and writes what every mode of lib/judge/verdict says of it, one JSON
// object a line: the other side of goldens/verdict.py. A line it cannot read ends it with 3.
#include <iostream>
#include <string>

#include "lib/base/json.h"
#include "lib/judge/verdict.h"

namespace {

using rm::judge::VerdictMode;

std::string word(const rm::judge::Verdict& v) {
  if (!v.side) return v.why == rm::judge::NoVerdict::kConflict ? "conflict" : "missing";
  return std::string(*v.side == rm::judge::Side::kA ? "A@" : "B@") + std::to_string(v.letter_byte);
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  rm::json::Document document;
  for (std::string line, out; std::getline(std::cin, line);) {
    const auto record = document.parse(line);
    const auto trace = record ? record->find("trace") : std::nullopt;
    if (!trace || !trace->string()) {
      std::cerr << "verdict_probe: " << (record ? "no trace" : record.error().text()) << '\n';
      return 3;
    }
    const std::string text(*trace->string());
    out.clear();
    rm::json::Writer w(out);
    w.begin_object();
    for (VerdictMode m :
         {VerdictMode::kStrict, VerdictMode::kRewardBench, VerdictMode::kReward, VerdictMode::kDistill}) {
      w.member(rm::judge::name(m), word(rm::judge::read_verdict(text, m)));
    }
    for (const auto& [label, side] : {std::pair("A", rm::judge::Side::kA), std::pair("B", rm::judge::Side::kB)}) {
      w.member(std::string("reward_") + label, rm::judge::rm_r1_reward(text, side));
      w.member(std::string("keeps_") + label, rm::judge::distill_keeps(text, side));
    }
    w.end_object();
    std::cout << out << '\n';
  }
  return 0;
}
