// The chat completions format: what is sent, what is understood, and what a hostile server may send.
#include <doctest/doctest.h>

#include "lib/generate/chat_api.h"
#include "lib/text/utf8.h"

using namespace rm;
using namespace rm::generate;

namespace {

Request user(const std::string& content) {
  Request r;
  r.messages = {{"user", content}};
  return r;
}

Result<Reply> read(std::string_view body, const Request& r = user("x")) {
  json::Document doc;
  return read_completion(doc, body, r);
}

std::string with_content(const std::string& json_value, const std::string& more = "") {
  return R"({"choices":[{"message":{"content":)" + json_value + "}" + more + "}]}";
}

// A stream cut into pieces of n bytes.
Result<Reply> stream(const std::string& bytes, std::size_t n, std::string& shown, const Request& r = user("x")) {
  CompletionStream s(r);
  for (std::size_t at = 0; at < bytes.size(); at += n) {
    RM_TRY(s.push(std::string_view(bytes).substr(at, n), [&shown](std::string_view t) { shown += t; }));
  }
  return s.finish();
}

}  // namespace

TEST_CASE("a request's body says what the request says and nothing more") {
  struct Row {
    const char* what;
    void (*change)(Request&);
    bool stream;
    const char* body;
  };
  for (
      const Row& row : {
          Row{"plain", [](Request&) {}, false,
              R"({"model":"m","messages":[{"role":"user","content":"hi"}],"temperature":0,"top_p":1,"seed":0,"stream":false})"},
          Row{"limits", [](Request& r) { r.max_tokens = 9, r.temperature = 0.7, r.top_p = 0.5; }, false,
              R"({"model":"m","messages":[{"role":"user","content":"hi"}],"temperature":0.7,"top_p":0.5,"max_tokens":9,"seed":0,"stream":false})"},
          Row{"a seed of 64 bits is cut to what JSON holds", [](Request& r) { r.seed = ~std::uint64_t{0}; }, false,
              R"({"model":"m","messages":[{"role":"user","content":"hi"}],"temperature":0,"top_p":1,"seed":9007199254740991,"stream":false})"},
          Row{"stream", [](Request&) {}, true,
              R"({"model":"m","messages":[{"role":"user","content":"hi"}],"temperature":0,"top_p":1,"seed":0,"stream":true,"stream_options":{"include_usage":true}})"},
          Row{"logprobs", [](Request& r) { r.logprobs = true; }, false,
              R"({"model":"m","messages":[{"role":"user","content":"hi"}],"temperature":0,"top_p":1,"seed":0,"stream":false,"logprobs":true,"top_logprobs":5})"},
          Row{"prefill", [](Request& r) { r.prefill = "So"; }, false,
              R"({"model":"m","messages":[{"role":"user","content":"hi"},{"role":"assistant","content":"So"}],"temperature":0,"top_p":1,"seed":0,"stream":false,"continue_final_message":true,"add_generation_prompt":false})"},
          Row{"hostile text", [](Request& r) { r.messages[0].content = "\"\n\xff"; }, false,
              R"({"model":"m","messages":[{"role":"user","content":"\"\n)"
              "\xEF\xBF\xBD"
              R"("}],"temperature":0,"top_p":1,"seed":0,"stream":false})"},
      }) {
    CAPTURE(row.what);
    Request r = user("hi");
    row.change(r);
    const auto body = chat_body(r, "m", row.stream);
    REQUIRE(body.ok());
    CHECK(*body == row.body);
  }
}

TEST_CASE("completions are read") {
  struct Row {
    std::string body, text, reasoning;
    FinishReason finish;
    const char* reason;  // of the error; nullptr: none
  };
  for (const Row& row : {
           Row{with_content("\"hi\""), "hi", "", FinishReason::kStop, nullptr},
           Row{with_content("null"), "", "", FinishReason::kStop, nullptr},
           Row{with_content("\"a\\u0000\\ud83d\\ude00\""), std::string("a\0", 2) + "\xf0\x9f\x98\x80", "",
               FinishReason::kStop, nullptr},
           Row{with_content(R"([{"type":"text","text":"a"},{"type":"image"},{"type":"text","text":"b"}])"), "ab", "",
               FinishReason::kStop, nullptr},
           Row{with_content("\"x\",\"reasoning_content\":\"why\""), "x", "why", FinishReason::kStop, nullptr},
           Row{with_content("\"x\",\"reasoning\":\"why\""), "x", "why", FinishReason::kStop, nullptr},
           Row{with_content("\"x\"", ",\"finish_reason\":\"length\""), "x", "", FinishReason::kLength, nullptr},
           Row{with_content("\"x\"", ",\"finish_reason\":\"eos\""), "x", "", FinishReason::kStop, nullptr},
           Row{with_content("\"x\"", ",\"finish_reason\":7"), "x", "", FinishReason::kStop, nullptr},
           Row{with_content("\"x\"", ",\"finish_reason\":\"content_filter\""), "", "", {}, "content_filter"},
           Row{with_content("\"x\"", ",\"finish_reason\":\"abort\""), "", "", {}, "bad_reply"},
           Row{with_content("\"\xff\xfe!\""), "\xEF\xBF\xBD\xEF\xBF\xBD!", "", FinishReason::kStop, nullptr},
           Row{with_content("5"), "", "", {}, "bad_reply"},
           Row{R"({"choices":[]})", "", "", {}, "bad_reply"},
           Row{R"({"choices":{}})", "", "", {}, "bad_reply"},
           Row{R"({"choices":[5]})", "", "", {}, "bad_reply"},
           Row{R"({"choices":[{"text":"x"}]})", "", "", {}, "bad_reply"},
           Row{R"({"error":{"message":"overloaded"}})", "", "", {}, "bad_reply"},
           Row{R"({"error":{"message":"the context length is 9"}})", "", "", {}, "too_long"},
           Row{R"({"choices":[{"message":{"content":"x")", "", "", {}, "bad_reply"},
           Row{"<html>", "", "", {}, "bad_reply"},
           Row{"", "", "", {}, "bad_reply"},
           Row{"[1]", "", "", {}, "bad_reply"},
       }) {
    CAPTURE(row.body);
    const auto reply = read(row.body);
    REQUIRE(reply.ok() == (row.reason == nullptr));
    if (!reply) {
      CHECK(reply.error().reason == row.reason);
      continue;
    }
    CHECK(reply->text == row.text);
    CHECK(reply->reasoning == row.reasoning);
    CHECK(reply->finish == row.finish);
    CHECK(text::valid_utf8(reply->text));
  }
}

TEST_CASE("usage is taken where it makes sense") {
  const auto usage = [](const std::string& u) {
    const auto reply = read(R"({"choices":[{"message":{"content":"x"}}],"usage":)" + u + "}");
    REQUIRE(reply.ok());
    return std::pair{reply->prompt_tokens, reply->completion_tokens};
  };
  CHECK(usage(R"({"prompt_tokens":3,"completion_tokens":4})") == std::pair<std::int64_t, std::int64_t>{3, 4});
  CHECK(usage(R"({"prompt_tokens":-3,"completion_tokens":"4"})") == std::pair<std::int64_t, std::int64_t>{0, 0});
  CHECK(usage("null") == std::pair<std::int64_t, std::int64_t>{0, 0});
}

TEST_CASE("letters are found at their byte, with both probabilities") {
  // One token of a thought that is not in the content, then the content with a character split over two tokens.
  const std::string tokens =
      R"([{"token":"A","logprob":-9,"top_logprobs":[{"token":"B","logprob":-8}]},)"
      R"({"token":"x","bytes":[195],"logprob":0},{"token":"y","bytes":[169],"logprob":0},)"
      R"({"token":" [[","logprob":0,"top_logprobs":[]},)"
      R"({"token":"B","logprob":-0.5,"top_logprobs":[{"token":"B","logprob":-0.5},{"token":"A","logprob":-2}]},)"
      R"({"token":"]] ","logprob":0},)"
      R"({"token":"A","logprob":-1,"top_logprobs":[{"token":"C","logprob":-3}]},)"
      R"({"token":"AB","logprob":-1,"top_logprobs":[]},)"
      R"({"token":" A","logprob":5,"top_logprobs":[{"token":" B","logprob":-3}]},)"
      R"({"token":"<|im_end|>","logprob":0}])";
  Request r = user("x");
  r.logprobs = true;
  r.prefill = "No. ";
  const auto reply = read(with_content("\"\xc3\xa9 [[B]] AAB A\"", ",\"logprobs\":{\"content\":" + tokens + "}"), r);
  REQUIRE(reply.ok());
  CHECK(reply->text == "No. \xc3\xa9 [[B]] AAB A");
  REQUIRE(reply->letters.size() == 1);  // the other places have no twin, are no lone letter, or no probability
  CHECK(reply->letters[0].byte == reply->text.find("B]]"));
  CHECK(reply->letters[0].logprob_a == -2);
  CHECK(reply->letters[0].logprob_b == -0.5);
}

TEST_CASE("tokens that do not spell the text are trusted only where they agree at its end") {
  const std::string letter = R"({"token":"A","logprob":-1,"top_logprobs":[{"token":"B","logprob":-3}]})";
  const auto count = [&](const std::string& content, const std::string& tokens) {
    Request r = user("x");
    r.logprobs = true;
    const auto reply = read(with_content("\"" + content + "\"", ",\"logprobs\":{\"content\":[" + tokens + "]}"), r);
    REQUIRE(reply.ok());
    for (const LetterProb& l : reply->letters) CHECK(reply->text[l.byte] == 'A');
    return reply->letters.size();
  };
  CHECK(count("lost A end", letter + R"(,{"token":" end","logprob":0})") == 1);
  CHECK(count("lost A end", letter + R"(,{"token":" other","logprob":0})") == 0);
  CHECK(count("", letter) == 0);
  CHECK(count("A", "5,null,{}") == 0);
}

TEST_CASE("a stream means the same wherever it is cut") {
  const std::string events =
      "\r\n: keep alive\r\n\r\n"
      "event: message\r\n"
      "data: {\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":null}}]}\r\n\r\n"
      "data: {\"choices\":[{\"delta\":{\"reasoning_content\":\"hm\"}}]}\n\n"
      "data:{\"choices\":[{\"delta\":{\"content\":\"caf\xc3\xa9 \"}}]}\n\n"
      "data: {\"choices\":[{\"delta\":{\"content\":\"\\ud83d\\ude00\"},\"finish_reason\":\"length\"}]}\n\n"
      "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}\n\n"
      "data: [DONE]\n\n"
      "data: nothing of this is read\n\n";
  for (std::size_t n = 1; n < events.size(); n += n < 40 ? 1 : 37) {
    CAPTURE(n);
    std::string shown;
    const auto reply = stream(events, n, shown);
    REQUIRE_MESSAGE(reply.ok(), reply.error().text());
    CHECK(reply->text == "caf\xc3\xa9 \xf0\x9f\x98\x80");
    CHECK(shown == reply->text);
    CHECK(reply->reasoning == "hm");
    CHECK(reply->finish == FinishReason::kLength);
    CHECK(reply->completion_tokens == 4);
  }
}

TEST_CASE("streams that end badly are no replies") {
  const std::string piece = "data: {\"choices\":[{\"delta\":{\"content\":\"x\"}}]}\n\n";
  struct Row {
    std::string bytes;
    const char* reason;  // nullptr: a reply
  };
  for (const Row& row : {
           Row{piece, "bad_reply"},
           Row{piece + "data: [DONE]", nullptr},
           Row{piece + "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}", nullptr},
           Row{piece + "data: {\"cho\n\ndata: [DONE]\n\n", "bad_reply"},
           Row{piece + "data: {\"error\":{\"message\":\"boom\"}}\n\n", "bad_reply"},
           Row{"data: {\"error\":{\"message\":\"maximum context length\"}}\n\n", "too_long"},
           Row{"data: {\"choices\":[{\"delta\":{\"content\":[]},\"finish_reason\":\"content_filter\"}]}\n\n",
               "content_filter"},
           Row{"data: {\"choices\":[{\"delta\":{\"content\":5}}]}\n\n", "bad_reply"},
           Row{" {\"choices\":[{\"message\":{\"content\":\"x\"}}]}", nullptr},  // no stream at all, but a reply
           Row{" {\"choices\":", "bad_reply"},
           Row{"", "bad_reply"},
           Row{"<html></html>", "bad_reply"},
       }) {
    CAPTURE(row.bytes);
    std::string shown;
    const auto reply = stream(row.bytes, 7, shown);
    REQUIRE(reply.ok() == (row.reason == nullptr));
    if (!reply) CHECK(reply.error().reason == row.reason);
    if (reply) CHECK(reply->text == "x");
  }
}

TEST_CASE("a server's words are found, escaped and cut") {
  struct Row {
    std::string body, message, code;
    bool length;
  };
  for (const Row& row : {
           Row{R"({"error":{"message":"no","type":"Bad","code":"Context_Length_Exceeded"}})", "no",
               "context_length_exceeded", true},
           Row{R"({"error":{"message":"no","type":"BadRequestError","code":400}})", "no", "badrequesterror", false},
           Row{R"({"object":"error","message":"This model's maximum context length is 9"})",
               "This model's maximum context length is 9", "", true},
           Row{R"({"detail":"Not Found"})", "Not Found", "", false},
           Row{R"({"error":"plain"})", "plain", "", false},
           Row{"<h1>\n502\x1b</h1>", "<h1>\\n502\\x1b</h1>", "", false},
           Row{"", "", "", false},
           Row{std::string(1000, 'x'), std::string(300, 'x') + "...", "", false},
       }) {
    CAPTURE(row.body);
    json::Document doc;
    const ServerWords words = server_words(doc, row.body);
    CHECK(words.message == row.message);
    CHECK(words.code == row.code);
    CHECK(about_length(words) == row.length);
  }
}
