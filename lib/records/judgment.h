// The judgment a judged record carries: plain data, its JSON form, and back.
//
// One of three: a pair's verdict, a ranking of N answers, or ratings of answers on their own. What does not belong to its
// kind is left out of the JSON.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "lib/base/json.h"
#include "lib/base/result.h"

namespace rm::records {

struct Sample {
  bool swapped = false;             // order "ba": answer[1] was shown as A
  std::optional<char> verdict;      // the letter the model wrote, 'A' or 'B'
  std::string reason = "ok";        // ok, no_verdict, conflict, length, error
  std::optional<std::string> type;  // "chat" or "reasoning", as the trace says
  std::string text;
  std::string reasoning;
  std::optional<double> p_a;  // P(A) against P(B) at the verdict token
  std::string finish_reason;  // stop, length, ...
  std::int64_t prompt_tokens = 0, completion_tokens = 0;
  std::optional<std::array<std::int64_t, 2>> pair;  // ranking: the answers compared, in the ab frame
  std::optional<std::int64_t> answer;               // rating: the answer that was read
  std::optional<double> rating;                     // what the model gave it
  bool closed = false;                              // --retry closed the trace by force
};

struct Ranking {
  std::vector<std::int64_t> order;               // indices of the answers, best first
  std::vector<double> scores;                    // Bradley-Terry strengths by answer, in nats, mean 0
  std::vector<std::array<double, 2>> intervals;  // of the scores, 95 %
  std::int64_t calls = 0;
};

struct Judgment {
  std::optional<std::string> verdict;    // "A", "B", "tie" in the ab frame, or null
  std::optional<std::string> preferred;  // chosen/rejected or a/b, "tie", or null
  std::optional<bool> correct;           // null without a label or when the label is a tie
  std::optional<double> confidence;
  std::int64_t votes_a = 0, votes_b = 0, votes_none = 0;  // ab frame
  std::optional<bool> consistent;                         // both orders agree; null unless both were asked
  std::optional<Ranking> ranking;
  std::optional<std::vector<std::optional<double>>> ratings;  // by answer; null where none could be read
  std::vector<Sample> samples;
  std::string model, prompt_id;
  std::uint64_t seed = 0;
};

void write_judgment(json::Writer& w, const Judgment& j);  // the object alone
// For --reparse, --retry and rm-eval. Of a ranking the order and the calls are read; strengths follow from the samples
// (judge/ranking).
Result<Judgment> read_judgment(const json::Value& v);

}  // namespace rm::records
