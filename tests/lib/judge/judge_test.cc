#include "lib/judge/judge.h"

#include <doctest/doctest.h>

#include <cmath>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace rm::judge {
namespace {

using generate::FinishReason;
using generate::Reply;
using records::Judgment;
using records::Label;
using records::Naming;
using records::Pair;

Pair answers(const std::string& question = "q", const std::string& a = "one", const std::string& b = "two") {
  Pair p;
  p.prompt = {{"user", question}};
  p.answer = {{{{"assistant", a}}, {{"assistant", b}}}};
  return p;
}

Pair labelled(Label label = Label::kFirst) {
  Pair p = answers();
  p.naming = Naming::kChosenRejected;
  p.label = label;
  return p;
}

std::string trace(char letter) { return std::string("<type>Chat</type><answer>[[") + letter + "]]</answer>"; }

Reply reply(const std::string& text, FinishReason finish = FinishReason::kStop) {
  Reply r;
  r.text = text;
  r.finish = finish;
  return r;
}

// The samples of one pair as a word: small letters were shown the other way round; '-' has no verdict.
Judgment judged(const Pair& p, const std::string& word, bool both_orders = false) {
  std::vector<Ask> asks;
  std::vector<Reply> replies;
  for (char c : word) {
    Ask ask;
    ask.swapped = c == 'a' || c == 'b' || c == '.';
    asks.push_back(ask);
    replies.push_back(reply(c == '-' || c == '.' ? "no idea" : trace(c == 'A' || c == 'a' ? 'A' : 'B')));
  }
  Settings s;
  s.both_orders = both_orders;
  return decide(p, asks, replies, PromptSet::built_in(), s);
}

TEST_CASE("votes are counted in the ab frame, after undoing the order") {
  struct Row {
    const char* samples;
    std::optional<std::string> verdict;
    int a, b, none;
    std::optional<double> confidence;
    std::optional<bool> consistent;
    bool correct;  // the label is the first answer
  };
  const std::optional<std::string> none;
  for (const Row& r : {
           Row{"A", "A", 1, 0, 0, std::nullopt, std::nullopt, true},
           Row{"B", "B", 0, 1, 0, std::nullopt, std::nullopt, false},
           Row{"b", "A", 1, 0, 0, std::nullopt, std::nullopt, true},
           Row{"a", "B", 0, 1, 0, std::nullopt, std::nullopt, false},
           Row{"-", none, 0, 0, 1, std::nullopt, std::nullopt, false},
           Row{"AAB", "A", 2, 1, 0, 2.0 / 3, std::nullopt, true},
           Row{"A--", "A", 1, 0, 2, 1.0, std::nullopt, true},
           Row{"AB", "tie", 1, 1, 0, 0.5, std::nullopt, false},
           Row{"---", none, 0, 0, 3, std::nullopt, std::nullopt, false},
           Row{"Ab", "A", 2, 0, 0, 1.0, true, true},
           Row{"Aa", "tie", 1, 1, 0, 0.5, false, false},  // always says A: the orders disagree
           Row{"bA", "A", 2, 0, 0, 1.0, true, true},
           Row{"A.", "A", 1, 0, 1, 1.0, std::nullopt, true},
           Row{"AAba", "A", 3, 1, 0, 0.75, false, true},
           Row{"AAbbb", "A", 5, 0, 0, 1.0, true, true},
       }) {
    CAPTURE(r.samples);
    const Judgment j = judged(labelled(), r.samples);
    CHECK(j.verdict == r.verdict);
    CHECK(j.votes_a == r.a);
    CHECK(j.votes_b == r.b);
    CHECK(j.votes_none == r.none);
    CHECK(j.confidence == r.confidence);
    CHECK(j.consistent == r.consistent);
    CHECK(j.correct == r.correct);
  }
}

TEST_CASE("the preferred answer has the record's names, and correct needs a label with a winner") {
  CHECK(judged(labelled(), "A").preferred == "chosen");
  CHECK(judged(labelled(), "B").preferred == "rejected");
  CHECK(judged(answers(), "A").preferred == "a");
  CHECK(judged(answers(), "B").preferred == "b");
  CHECK(judged(answers(), "AB").preferred == "tie");
  CHECK_FALSE(judged(answers(), "-").preferred);
  CHECK_FALSE(judged(answers(), "A").correct);
  CHECK_FALSE(judged(labelled(Label::kTie), "A").correct);
  CHECK_FALSE(judged(labelled(Label::kTie), "AB").correct);
  CHECK(judged(labelled(Label::kSecond), "B").correct == true);
}

TEST_CASE("a sample says why it has no verdict") {
  struct Row {
    const char* text;
    FinishReason finish;
    const char* reason;
  };
  const std::string a = trace('A'), both = trace('A') + trace('B');
  for (const Row& r :
       {Row{a.c_str(), FinishReason::kStop, "ok"}, Row{a.c_str(), FinishReason::kLength, "ok"},
        Row{"so far", FinishReason::kStop, "no_verdict"}, Row{"so far", FinishReason::kLength, "length"},
        Row{both.c_str(), FinishReason::kStop, "conflict"}, Row{both.c_str(), FinishReason::kLength, "conflict"},
        Row{a.c_str(), FinishReason::kError, "error"}, Row{a.c_str(), FinishReason::kCancelled, "error"}}) {
    CAPTURE(r.text);
    const Judgment j = decide(answers(), std::vector<Ask>(1), {reply(r.text, r.finish)}, PromptSet::built_in(), {});
    REQUIRE(j.samples.size() == 1);
    CHECK(j.samples[0].reason == r.reason);
    CHECK(j.samples[0].verdict.has_value() == (j.samples[0].reason == "ok"));
    CHECK(j.samples[0].finish_reason == generate::name(r.finish));
  }
}

TEST_CASE("a reply that never came counts as a failed sample") {
  const Judgment j = decide(answers(), std::vector<Ask>(2), {reply(trace('A'))}, PromptSet::built_in(), {});
  REQUIRE(j.samples.size() == 2);
  CHECK(j.samples[1].reason == "error");
  CHECK(j.votes_none == 1);
}

TEST_CASE("with logprobs the confidence is P(verdict) at the verdict's letter") {
  Settings s;
  s.logprobs = true;
  Reply r = reply("Chatbot A is good. <answer>[[B]]</answer>");
  const std::size_t letter = r.text.find("[[B") + 2;
  r.letters = {{8, -0.1, -3.0}, {letter, std::log(0.2), std::log(0.6)}};  // the first is no verdict
  std::vector<Ask> asks(1);
  Judgment j = decide(answers(), asks, {r}, PromptSet::built_in(), s);
  REQUIRE(j.samples[0].p_a);
  CHECK(*j.samples[0].p_a == doctest::Approx(0.25));
  CHECK(*j.confidence == doctest::Approx(0.75));

  asks[0].swapped = true;  // shown the other way round: the same verdict is for the first answer
  j = decide(answers(), asks, {r}, PromptSet::built_in(), s);
  CHECK(j.verdict == "A");
  CHECK(*j.samples[0].p_a == doctest::Approx(0.25));
  CHECK(*j.confidence == doctest::Approx(0.75));

  s.logprobs = false;
  CHECK_FALSE(decide(answers(), asks, {r}, PromptSet::built_in(), s).samples[0].p_a);
  s.logprobs = true;
  r.letters = {{letter, -INFINITY, -INFINITY}};
  CHECK_FALSE(decide(answers(), asks, {r}, PromptSet::built_in(), s).samples[0].p_a);
}

TEST_CASE("the order of chosen and rejected depends on content and seed alone, and is balanced") {
  int swapped = 0, flips = 0;
  const int n = 4000;
  Settings one, two;
  two.seed = 1;
  for (int i = 0; i < n; ++i) {
    Pair p = answers("question " + std::to_string(i));
    CHECK_FALSE(swapped_order(p, one));  // answers stay as given
    p.naming = Naming::kChosenRejected;
    p.label = Label::kFirst;
    const bool s = swapped_order(p, one);
    CHECK(s == swapped_order(p, one));
    swapped += s;
    flips += s != swapped_order(p, two);
  }
  // Five standard deviations of a fair coin.
  CHECK(std::abs(swapped - n / 2) < 5 * std::sqrt(n) / 2);
  CHECK(std::abs(flips - n / 2) < 5 * std::sqrt(n) / 2);
}

TEST_CASE("shuffle orders answers as a chosen pair is ordered") {
  Settings s;
  s.shuffle = true;
  for (int i = 0; i < 50; ++i) {
    Pair a = answers("question " + std::to_string(i)), c = a;
    c.naming = Naming::kChosenRejected;
    CHECK(swapped_order(a, s) == swapped_order(c, s));
  }
}

TEST_CASE("where one text ends and the next begins matters to the order's hash") {
  CHECK(content_hash(answers("q", "ab", "c")) != content_hash(answers("q", "a", "bc")));
  CHECK(content_hash(answers("q", "a", "b")) != content_hash(answers("q", "b", "a")));
}

TEST_CASE("a plan asks every sample in every order, each with its own seed") {
  Settings s;
  s.samples = 3;
  s.both_orders = true;
  s.temperature = 1;
  s.max_tokens = 7;
  s.logprobs = true;
  const Pair p = labelled();
  auto asks = plan(p, PromptSet::built_in(), s);
  REQUIRE(asks.ok());
  REQUIRE(asks->size() == 6);
  std::set<std::uint64_t> seeds;
  for (std::size_t i = 0; i < 6; ++i) {
    const Ask& a = (*asks)[i];
    CHECK(a.request.id == i);
    CHECK(a.swapped == (swapped_order(p, s) != (i % 2 == 1)));
    CHECK(a.request.messages == PromptSet::built_in().messages(p, a.swapped, Form::kCor));
    CHECK(a.request.temperature == 1);
    CHECK(a.request.max_tokens == 7);
    CHECK(a.request.logprobs);
    seeds.insert(a.request.seed);
  }
  CHECK(seeds.size() == 6);

  s.both_orders = false;  // the same seeds, whatever else was asked
  auto fewer = plan(p, PromptSet::built_in(), s);
  REQUIRE(fewer->size() == 3);
  for (std::size_t i = 0; i < 3; ++i) CHECK((*fewer)[i].request.seed == (*asks)[2 * i].request.seed);
  s.seed = 1;
  CHECK(seeds.count((*plan(p, PromptSet::built_in(), s))[0].request.seed) == 0);
}

TEST_CASE("a rendered prompt has a fixed order") {
  Pair p;
  p.rendered = true;
  p.prompt = {{"user", "judge this"}};
  Settings s;
  CHECK(plan(p, PromptSet::built_in(), s)->front().request.messages == p.prompt);
  s.both_orders = true;
  CHECK(plan(p, PromptSet::built_in(), s).error().reason == "rendered_order");
  s.both_orders = false;
  s.shuffle = true;
  CHECK(plan(p, PromptSet::built_in(), s).error().reason == "rendered_order");
}

TEST_CASE("a judgment says which model, prompt and seed it came from") {
  Settings s;
  s.model = "m";
  s.seed = 42;
  const PromptSet set = PromptSet::built_in();
  Reply r = reply(trace('A'));
  r.prompt_tokens = 10;
  r.completion_tokens = 5;
  r.reasoning = "hm";
  const Judgment j = decide(answers(), std::vector<Ask>(1), {r}, set, s);
  CHECK(j.model == "m");
  CHECK(j.seed == 42);
  CHECK(j.prompt_id == set.id(Form::kCor));
  CHECK(j.samples[0].type == "chat");
  CHECK(j.samples[0].reasoning == "hm");
  CHECK(j.samples[0].prompt_tokens == 10);
  CHECK(j.samples[0].completion_tokens == 5);
}

}  // namespace
}  // namespace rm::judge
