// The example pairs are what rm-judge(1) promises to read: every one is a pair and can be asked about in both forms.
#include <doctest/doctest.h>

#include <fstream>
#include <set>
#include <string>

#include "lib/base/json.h"
#include "lib/judge/judge.h"
#include "lib/judge/prompt.h"
#include "lib/records/pair.h"

namespace rm::judge {
namespace {

TEST_CASE("every example pair is read and asked about, whatever its shape") {
  std::ifstream in(RM_SOURCE_DIR "/examples/pairs.jsonl");
  REQUIRE(in.good());
  json::Document document;
  int pairs = 0, several_turns = 0, chosen = 0;
  std::set<records::Label> labels;
  for (std::string line; std::getline(in, line); ++pairs) {
    CAPTURE(line);
    const auto record = document.parse(line);
    REQUIRE(record.ok());
    const auto pair = records::read_pair(*record, {});
    REQUIRE_MESSAGE(pair.ok(), (pair ? "" : pair.error().text()));
    several_turns += pair->multi_turn();
    chosen += pair->naming == records::Naming::kChosenRejected;
    REQUIRE(pair->label);
    labels.insert(*pair->label);
    for (Form form : {Form::kCor, Form::kPlain}) {
      Settings s;
      s.form = form;
      s.both_orders = true;
      const auto asks = plan(*pair, PromptSet::built_in(), s);
      REQUIRE(asks.ok());
      CHECK(asks->size() == 2);
    }
  }
  CHECK(pairs == 12);
  CHECK(several_turns == 1);
  CHECK(chosen == 7);
  CHECK(labels.size() == 3);
}

TEST_CASE("the example prompt file can be used") {
  const auto set = PromptSet::read(RM_SOURCE_DIR "/examples/prompt.json");
  REQUIRE_MESSAGE(set.ok(), (set ? "" : set.error().text()));
  CHECK(set->has(Form::kCor));
}

}  // namespace
}  // namespace rm::judge
