#include "lib/records/chain.h"

#include <doctest/doctest.h>

namespace rm::records {
namespace {

constexpr std::string_view kPair = R"({"id": 7, "question":"q" ,"answer_a":"x","answer_b":"y","winner":"B"})";

ChainRecord wrong() {
  ChainRecord r;
  r.messages = {{"system", "be fair"}, {"user", "q, x or y?"}};
  r.chain.status = ChainStatus::kWrong;
  r.chain.reason = "other_verdict";
  r.chain.teacher = "teacher-1";
  r.chain.verdict = 'B';
  r.chain.filter = "distill";
  r.chain.prompt_id = "cor-1";
  r.chain.seed = 18446744073709551615u;
  r.chain.prompt_tokens = 9;
  r.chain.completion_tokens = 4;
  r.chain.wrong_response = "\"A\" it is\n<answer>[[A]]</answer>";
  return r;
}

Result<ChainRecord> read(const std::string& line) {
  static json::Document document;
  const auto value = document.parse(line);
  REQUIRE(value.ok());
  return read_chain(*value);
}

TEST_CASE("a chain is written behind its pair and read back as it was") {
  const ChainRecord r = wrong();
  const std::string line = splice(kPair, chain_fields(r));
  CHECK(line.starts_with(R"({"id": 7, "question":"q" ,"answer_a":"x")"));
  CHECK(line.find("\"response\"") == line.npos);
  const auto back = read(line);
  REQUIRE(back.ok());
  CHECK(back->messages == r.messages);
  CHECK_FALSE(back->response);
  CHECK(back->chain.status == ChainStatus::kWrong);
  CHECK(back->chain.reason == "other_verdict");
  CHECK(back->chain.pass == 1);
  CHECK(back->chain.verdict == 'B');
  CHECK(back->chain.teacher == "teacher-1");
  CHECK(back->chain.filter == "distill");
  CHECK(back->chain.seed == r.chain.seed);
  CHECK(back->chain.prompt_tokens == 9);
  CHECK(back->chain.completion_tokens == 4);
  CHECK(back->chain.wrong_response == r.chain.wrong_response);
  CHECK_FALSE(back->chain.second_response);
  CHECK_FALSE(back->chain.told_by);
}

TEST_CASE("without messages the ones that stand in the line stay byte for byte") {
  const std::string line =
      splice(R"({"messages":[{"role":"user","content":"\u0071"}],"chain":{"old":1}})", chain_fields(wrong(), false));
  CHECK(line.starts_with(R"({"messages":[{"role":"user","content":"\u0071"}],"chain":{"status":"wrong")"));
}

TEST_CASE("a response and an error of an earlier run do not stay") {
  const std::string line = chain_record(R"({"id":1,"error":{"code":"refused"},"response":"old","n":2})", wrong());
  CHECK(line.starts_with(R"({"id":1,"n":2,"messages":)"));
  CHECK(line.find("old") == line.npos);
  ChainRecord kept = wrong();
  kept.chain.status = ChainStatus::kKept;
  kept.response = "new";
  CHECK(chain_record(R"({"response":"old"})", kept).find(R"("response":"new")") != std::string::npos);
}

TEST_CASE("what is no chain is refused by the name of its field") {
  struct Row {
    const char *line, *code, *names;
  };
  for (
      const Row& r : {
          Row{R"({"messages":[{"role":"user","content":"q"}]})", "missing_field", "\"chain\""},
          Row{R"({"chain":{"status":"kept"}})", "missing_field", "\"messages\""},
          Row{R"({"messages":[],"chain":{}})", "empty", "messages"},
          Row{R"({"messages":"q","chain":{}})", "wrong_type", "messages"},
          Row{R"({"messages":[{"role":"assistant","content":"q"}],"chain":{}})", "bad_role", "messages"},
          Row{R"({"messages":[{"role":"user","content":"q"}],"chain":[]})", "bad_chain", "\"chain\""},
          Row{R"({"messages":[{"role":"user","content":"q"}],"chain":{"status":"good","pass":1,"verdict":"A"}})",
              "bad_chain", "chain.status"},
          Row{R"({"messages":[{"role":"user","content":"q"}],"chain":{"status":"wrong","pass":3,"verdict":"A"}})",
              "bad_chain", "chain.pass"},
          Row{R"({"messages":[{"role":"user","content":"q"}],"chain":{"status":"wrong","pass":1,"verdict":"C"}})",
              "bad_chain", "chain.verdict"},
          Row{R"({"messages":[{"role":"user","content":"q"}],"chain":{"status":"wrong","pass":1,"verdict":"A","teacher":3}})",
              "bad_chain", "chain.teacher"},
          Row{R"({"messages":[{"role":"user","content":"q"}],"chain":{"status":"wrong","pass":1,"verdict":"A","usage":{"prompt_tokens":-1}}})",
              "bad_chain", "chain.usage.prompt_tokens"},
          Row{R"({"messages":[{"role":"user","content":"q"}],"chain":{"status":"kept","pass":1,"verdict":"A"}})",
              "bad_chain", "\"response\""},
      }) {
    CAPTURE(r.line);
    const auto got = read(r.line);
    REQUIRE_FALSE(got.ok());
    CHECK(got.error().exit == Exit::kInput);
    CHECK(got.error().reason == r.code);
    CHECK(got.error().message.find(r.names) != std::string::npos);
  }
}

}  // namespace
}  // namespace rm::records
