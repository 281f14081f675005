#include "lib/serve/dispatcher.h"

#include "lib/serve/batch.h"
#include "lib/serve/metrics.h"
#include "tests/lib/serve/serving.h"

namespace {

using namespace rm::serve;
using namespace std::chrono_literals;
using rm::tests::say_right;
using rm::tests::soon;
using rm::tests::Talker;

std::shared_ptr<rm::judge::Job> job(const char* text = rm::tests::kPair) {
  static const auto prompts = rm::judge::PromptSet::built_in();
  rm::json::Document doc;
  const auto record = doc.parse(text);
  REQUIRE(record);
  auto made = rm::judge::make_job(*record, {}, prompts, {});
  REQUIRE(made);
  return std::move(*made);
}

TEST_CASE("jobs of many threads all come back, each to its own mailbox") {
  Talker talker({say_right});
  Dispatcher d(talker, 10'000);
  std::vector<std::thread> threads;
  std::atomic<int> right{0};
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      const auto box = std::make_shared<Mailbox>();
      for (std::size_t i = 0; i < 100; ++i) {
        const auto j = job();
        if (d.submit(j, box, i) != Dispatcher::Taken::kYes) continue;
        const auto e = box->pop(5s);
        right += e && e->index == i && !e->error && j->done() && j->judgment().verdict == "A";
      }
    });
  }
  for (auto& t : threads) t.join();
  CHECK(right == 800);
  CHECK(d.waiting() + d.running() == 0);
}

TEST_CASE("a queue that is full refuses, and takes again when there is room") {
  Talker talker(rm::tests::slowly(5));
  Dispatcher d(talker, 2);
  const auto box = std::make_shared<Mailbox>();
  CHECK(d.submit(job(), box, 0) == Dispatcher::Taken::kYes);
  CHECK(d.submit(job(), box, 1) == Dispatcher::Taken::kYes);
  CHECK(d.submit(job(), box, 2) == Dispatcher::Taken::kBusy);
  REQUIRE(box->pop(10s));
  CHECK(d.submit(job(), box, 3) == Dispatcher::Taken::kYes);
}

TEST_CASE("what waits behind a small model is cancelled as well as what runs") {
  Talker::Options o = rm::tests::slowly(5);
  o.capacity = 1;
  Talker talker(o);
  Dispatcher d(talker, 100);
  const auto gone = std::make_shared<Mailbox>(), stays = std::make_shared<Mailbox>();
  for (std::size_t i = 0; i < 5; ++i) d.submit(job(), gone, i);
  d.submit(job(), stays, 0);
  REQUIRE(soon([&] { return talker.submitted == 1; }));
  d.cancel(gone);
  CHECK(stays->pop(10s));
  CHECK(talker.submitted == 2);
  CHECK(talker.cancelled == 1);
  CHECK_FALSE(gone->pop(0ms));
  CHECK(soon([&] { return d.waiting() + d.running() == 0; }));
}

TEST_CASE("a model that fails takes its jobs with it, and those that wait") {
  Talker::Options o{say_right};
  o.fail_after = 0;
  Talker talker(o);
  Dispatcher d(talker, 100);
  const auto box = std::make_shared<Mailbox>();
  d.submit(job(), box, 0);
  const auto e = box->pop(5s);
  REQUIRE(e);
  REQUIRE(e->error);
  CHECK(e->error->reason == "out_of_memory");
  CHECK_FALSE(d.healthy());
  CHECK(d.down()->message == "the talker was told to fail");
  CHECK(d.submit(job(), box, 1) == Dispatcher::Taken::kDown);
}

TEST_CASE("stopping tells whoever waits") {
  Talker talker(rm::tests::slowly(100));
  Dispatcher d(talker, 100);
  const auto box = std::make_shared<Mailbox>();
  d.submit(job(), box, 0);
  REQUIRE(soon([&] { return talker.submitted == 1; }));
  d.stop();
  const auto e = box->pop(0ms);
  REQUIRE(e);
  REQUIRE(e->error);
  CHECK(e->error->reason == "stopped");
  CHECK(d.submit(job(), box, 1) == Dispatcher::Taken::kDown);
}

TEST_CASE("one large request leaves room for others") {
  Talker talker({say_right});
  Dispatcher d(talker, 100);
  Limits limits;
  limits.window = 4;
  Batch batch(d, limits, [] { return false; });
  for (int i = 0; i < 500; ++i) batch.add(job());
  REQUIRE(batch.start());
  std::size_t most = 0, done = 0;
  batch.run({nullptr,
             [&](std::size_t, const std::optional<rm::Error>& error) {
               most = std::max(most, d.waiting() + d.running());
               done += !error;
             },
             nullptr});
  CHECK(done == 500);
  CHECK(most <= 4);
}

TEST_CASE("metrics are counted once and labels are escaped") {
  Metrics m;
  m.request("/v1/judge", 200, 0.004);
  m.request("/v1/judge", 200, 400);
  m.failed();
  rm::records::Judgment j;
  j.verdict = "tie";
  j.samples.resize(2);
  j.samples[0].prompt_tokens = 7;
  m.judged(j);
  const std::string text = m.text({3, 2, 1, false, "a \"b\"\n\\c"});
  for (const char* line :
       {"rm_requests_total{route=\"/v1/judge\",status=\"200\"} 2\n", "rm_request_seconds_bucket{le=\"0.005\"} 1\n",
        "rm_request_seconds_bucket{le=\"300\"} 1\n", "rm_request_seconds_bucket{le=\"+Inf\"} 2\n",
        "rm_request_seconds_count 2\n", "rm_records_tied_total 1\n", "rm_records_failed_total 1\n",
        "rm_records_unparsed_total 0\n", "rm_samples_total 2\n", "rm_tokens_total{kind=\"prompt\"} 7\n",
        "rm_connections 3\n", "rm_records_queued 2\n", "rm_records_in_flight 1\n", "rm_healthy 0\n",
        "model=\"a \\\"b\\\" \\\\c\"} 1\n"}) {
    CAPTURE(line);
    CHECK(text.find(line) != std::string::npos);
  }
}

}  // namespace
