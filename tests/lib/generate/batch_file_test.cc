// Batch files: what is written has stable ids; what comes back is matched by content, however damaged the file is.
#include <doctest/doctest.h>

#include <map>

#include "lib/base/json.h"
#include "lib/generate/batch_file.h"
#include "tests/lib/base/temp_folder.h"
#include "tests/lib/records/compressed.h"

using namespace rm;
using namespace rm::generate;
using tests::slurp;
using tests::TempFolder;

namespace {

Request ask(std::uint64_t id, const std::string& prompt) {
  Request r;
  r.id = id;
  r.messages = {{"user", prompt}};
  return r;
}

std::string result(const Request& r, const std::string& text, int status = 200) {
  return R"({"id":"b","custom_id":")" + custom_id(r, "m") + R"(","response":{"status_code":)" + std::to_string(status) +
         R"(,"body":{"model":"m-2026","choices":[{"message":{"content":")" + text +
         R"("},"finish_reason":"stop"}]}},"error":null})" + "\n";
}

std::string failure(const Request& r, const std::string& words) {
  return R"({"custom_id":")" + custom_id(r, "m") + R"(","response":null,"error":{"code":"x","message":")" + words +
         "\"}}\n";
}

std::map<std::uint64_t, Reply> answers(Generator& g, const std::vector<Request>& requests) {
  std::map<std::uint64_t, Reply> out;
  for (const Request& r : requests) REQUIRE(g.submit(r).ok());
  CHECK(g.in_flight() == requests.size());
  while (g.in_flight() > 0) {
    auto replies = g.wait();
    REQUIRE(replies.ok());
    for (Reply& r : *replies) out.emplace(r.id, std::move(r));
  }
  return out;
}

}  // namespace

TEST_CASE("an id is the content's: the same anywhere, another for any change") {
  const Request r = ask(1, "why?");
  CHECK(custom_id(r, "m") == "rm-2fad11c22019e94ef3535d437dcbb926");  // what released files hold: it must not change
  Request same = r;
  same.id = 99;
  CHECK(custom_id(same, "m") == custom_id(r, "m"));
  std::map<std::string, int> ids;
  ++ids[custom_id(r, "m")];
  ++ids[custom_id(r, "n")];
  const auto changed = [&](void (*change)(Request&)) {
    Request other = r;
    change(other);
    ++ids[custom_id(other, "m")];
  };
  changed([](Request& x) { x.seed = 1; });
  changed([](Request& x) { x.max_tokens = 1; });
  changed([](Request& x) { x.temperature = 1; });
  changed([](Request& x) { x.top_p = 0.9; });
  changed([](Request& x) { x.logprobs = true; });
  changed([](Request& x) { x.prefill = "So"; });
  changed([](Request& x) { x.messages[0].role = "system"; });
  changed([](Request& x) { x.messages[0].content = "why"; });
  changed([](Request& x) { x.messages.push_back({"", ""}); });
  changed([](Request& x) { x.messages = {{"user", "wh"}, {"y?", ""}}; });
  CHECK(ids.size() == 12);
}

TEST_CASE("a batch holds each request once, as the format wants it") {
  const TempFolder folder;
  auto writer = BatchWriter::create(folder.path("batch.jsonl"), "m");
  REQUIRE(writer.ok());
  Request raw = ask(9, "x");
  raw.raw_prompt = "rendered";
  CHECK(writer->add(ask(1, "one")).ok());
  CHECK(writer->add(ask(2, "two")).ok());
  CHECK(writer->add(ask(3, "one")).ok());
  CHECK(writer->add(raw).error().reason == "unsupported");
  CHECK(folder.files() == 1);  // the temporary one
  CHECK(slurp(folder.path("batch.jsonl")).empty());
  REQUIRE(writer->close().ok());
  CHECK(writer->written() == 2);
  CHECK(writer->repeated() == 1);
  CHECK(
      slurp(folder.path("batch.jsonl")) ==
      R"({"custom_id":")" + custom_id(ask(0, "one"), "m") +
          R"(","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[{"role":"user","content":"one"}],"temperature":0,"top_p":1,"seed":0,"stream":false}})"
          "\n"
          R"({"custom_id":")" +
          custom_id(ask(0, "two"), "m") +
          R"(","method":"POST","url":"/v1/chat/completions","body":{"model":"m","messages":[{"role":"user","content":"two"}],"temperature":0,"top_p":1,"seed":0,"stream":false}})"
          "\n");
}

TEST_CASE("results answer in any order, from plain and compressed files") {
  const Request one = ask(1, "one"), two = ask(2, "two"), bad = ask(3, "bad"), none = ask(4, "none"),
                late = ask(5, "late"), twice = ask(6, "twice"), longer = ask(7, "longer");
  const std::string text = "\xEF\xBB\xBF" + result(twice, "old") + result(two, "zwei \xc3\xa9") +
                           "\r\n{\"custom_id\": 5}\n" + result(one, "eins") + "not json\n{\"custom_id\":\"rm-1\"}\n" +
                           failure(late, "first") + result(late, "better late") + result(twice, "new") +
                           failure(twice, "no matter") + failure(bad, "broke \\u001b[31m down") +
                           result(longer, "x", 400) + result(none, "cut").substr(0, 60);
  const TempFolder folder;
  for (const std::string& path : {folder.write("r.jsonl", text), folder.write("r.gz", tests::gzip(text)),
                                  folder.write("r.zst", tests::zstd(text))}) {
    CAPTURE(path);
    auto batch = open_batch(path, "m");
    REQUIRE_MESSAGE(batch.ok(), batch.error().text());
    const BatchCounts& n = batch->counts;
    CHECK(n.replies == 4);
    CHECK(n.errors == 2);
    CHECK(n.repeated == 3);
    CHECK(n.foreign == 2);
    CHECK(n.damaged == 2);
    CHECK(n.lines == 13);
    CHECK(n.first_damage.find(":6:") != std::string::npos);
    CHECK(batch->generator->model_name() == "m");
    auto got = answers(*batch->generator, {one, two, bad, none, late, twice, longer});
    REQUIRE(got.size() == 7);
    CHECK(got[1].text == "eins");
    CHECK(got[2].text == "zwei \xc3\xa9");
    CHECK(got[5].text == "better late");
    CHECK(got[6].text == "new");
    CHECK(got[4].error->reason == "not_in_batch");
    CHECK(got[3].error->reason == "endpoint");
    CHECK(got[3].error->message == "the batch says: broke \\x1b[31m down");
    CHECK(got[7].error->reason == "endpoint");
    for (const auto id : {3, 4, 7}) CHECK(got[id].finish == FinishReason::kError);
  }
}

TEST_CASE("a prefill, a stopped thought and a shown text are as with a live server") {
  Request r = ask(1, "one");
  r.prefill = "So: ";
  std::string shown;
  r.on_text = [&shown](std::string_view t) { shown += t; };
  const TempFolder folder;
  auto batch = open_batch(folder.write("r.jsonl", result(r, "eins")), "m");
  REQUIRE(batch.ok());
  CHECK(answers(*batch->generator, {r})[1].text == "So: eins");
  CHECK(shown == "eins");
  REQUIRE(batch->generator->submit(r).ok());
  batch->generator->cancel(1);
  CHECK(batch->generator->wait()->empty());
}

TEST_CASE("a compressed file that breaks off answers with what it held") {
  std::string text;
  for (std::uint64_t i = 0; i < 3000; ++i)
    text += result(ask(i, "p" + std::to_string(i * 7919)), "t" + std::to_string(i));
  const TempFolder folder;
  const std::string whole = tests::gzip(text);
  auto batch = open_batch(folder.write("r.gz", whole.substr(0, whole.size() * 3 / 4)), "m");
  REQUIRE_MESSAGE(batch.ok(), batch.error().text());
  CHECK(batch->counts.damaged == 1);
  CHECK(batch->counts.replies > 1000);
  CHECK(answers(*batch->generator, {ask(5, "p39595")})[5].text == "t5");
}

TEST_CASE("a file without any result is refused") {
  const TempFolder folder;
  for (const std::string& path : {folder.write("empty", ""), folder.write("other", "{\"custom_id\":\"x\"}\n"),
                                  folder.write("text", "hello\n"), folder.path("missing")}) {
    CAPTURE(path);
    const auto batch = open_batch(path, "m");
    REQUIRE_FALSE(batch.ok());
    CHECK(batch.error().exit == Exit::kInput);
  }
}
