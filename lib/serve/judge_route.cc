#include <algorithm>
#include <map>
#include <utility>

#include "lib/rubric/rubric.h"
#include "lib/serve/context.h"

namespace rm::serve {
namespace {

using Write = std::function<bool(std::string_view)>;

std::string one_line(std::string text) {
  for (char& c : text) {
    if (c == '\n' || c == '\r') c = ' ';  // between the tokens of a record; never inside its strings
  }
  return text;
}

std::string event(std::string_view kind, std::string_view data) {
  std::string out = "event: ";
  out.append(kind).append("\ndata: ").append(data).append("\n\n");
  return out;
}

// A request on /v1/judge from its body to the last byte of its reply.
class Asked {
 public:
  Asked(Context& c, Connection& connection, Intake in)
      : c_(c), connection_(connection), in_(std::move(in)), batch_(c.dispatcher, c.options.limits, [this] {
          return connection_.gone([this] { return probe_ ? probe_() : connection_.send_interim(); });
        }) {
    for (std::size_t i = 0; i < in_.entries.size(); ++i) {
      if (!in_.entries[i].job) {
        c_.metrics.failed();
        continue;
      }
      batch_.add(in_.entries[i].job);
      entry_of_.push_back(i);
    }
    if (in_.stream) batch_.stream_text();
  }

  Result<void> start() { return batch_.start(); }
  const Intake& intake() const { return in_; }
  void whole(httplib::Response& res);
  void lines(const Write& write);
  void events(const Write& write);

 private:
  // What becomes of a job: the record as it is sent. Counts it.
  std::string outcome(std::size_t job, const std::optional<Error>& error);
  void write_text(const Write& write, const Event& e) const;
  std::string start_data(std::size_t entry) const;
  void watch_for_rubric(const Write& write, const Event& e);

  Context& c_;
  Connection& connection_;
  Intake in_;
  std::function<bool()> probe_;
  Batch batch_;
  std::vector<std::size_t> entry_of_;                                    // by job
  std::map<std::pair<std::size_t, std::uint64_t>, std::string> traces_;  // up to their rubric; empty once it is sent
  std::size_t failed_ = 0;
  Clock::time_point began_ = Clock::now();
};

std::string Asked::outcome(std::size_t job, const std::optional<Error>& error) {
  Entry& e = in_.entries[entry_of_[job]];
  if (error) {
    c_.metrics.failed();
    ++failed_;
    return failed_record(e, *error, entry_of_[job] + 1);
  }
  c_.metrics.judged(e.job->judgment());
  return judged_record(e, in_.settings);
}

// One JSON reply: the record, or {"records": [...]}.
void Asked::whole(httplib::Response& res) {
  std::vector<std::string> out(in_.entries.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = in_.entries[i].failure;
  std::optional<Error> failure;
  batch_.run({nullptr,
              [&](std::size_t job, const std::optional<Error>& error) {
                out[entry_of_[job]] = outcome(job, error);
                if (error) failure = error;
              },
              nullptr});
  if (in_.shape == Shape::kOne) {
    res.set_content(std::move(out[0]) + "\n", "application/json");
    if (!in_.entries[0].failure.empty()) res.status = 422;
    if (failure) {
      res.status = failure->reason == "timeout" ? 504 : failure->exit == Exit::kInput ? 422 : 503;
    }
    return;
  }
  std::string body = in_.shape == Shape::kMany ? "{\"records\":[" : "";
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (in_.shape == Shape::kMany && i > 0) body += ',';
    body += out[i];
    if (in_.shape == Shape::kLines) body += '\n';
  }
  if (in_.shape == Shape::kMany) body += "]}\n";
  res.set_content(std::move(body), in_.shape == Shape::kMany ? "application/json" : "application/x-ndjson");
}

// Lines in the order of the input, each as soon as those before it are written.
void Asked::lines(const Write& write) {
  std::vector<std::string> out(in_.entries.size());
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = in_.entries[i].failure;
  std::size_t next = 0;
  const auto flush = [&] {
    for (; next < out.size() && !out[next].empty(); ++next) {
      write(out[next] + "\n");
      out[next].clear();
    }
  };
  probe_ = [&write] { return write("\n"); };
  flush();
  batch_.run({nullptr,
              [&](std::size_t job, const std::optional<Error>& error) {
                out[entry_of_[job]] = outcome(job, error);
                flush();
              },
              nullptr});
}

std::string Asked::start_data(std::size_t entry) const {
  std::string data;
  json::Writer w(data);
  const judge::Settings& s = in_.settings;
  w.begin_object()
      .member("index", static_cast<std::uint64_t>(entry))
      .member("model", std::string_view(c_.dispatcher.model()));
  w.member("samples", s.samples).member("both_orders", s.both_orders).end_object();
  return data;
}

void Asked::write_text(const Write& write, const Event& e) const {
  std::string data;
  json::Writer w(data);
  w.begin_object().member("index", static_cast<std::uint64_t>(entry_of_[e.index])).member("request", e.request);
  if (e.swapped) w.member("order", *e.swapped ? "ba" : "ab");
  if (e.pair) w.key("pair").begin_array().value((*e.pair)[0]).value((*e.pair)[1]).end_array();
  if (e.answer) w.member("answer", *e.answer);
  w.member("text", std::string_view(e.text)).end_object();
  write(event("text", data));
}

// Sends the rubric as soon as it is written, so that a reader sees what is weighed before the comparison begins.
void Asked::watch_for_rubric(const Write& write, const Event& e) {
  const auto [it, fresh] = traces_.try_emplace({e.index, e.request});
  std::string& trace = it->second;
  if (!fresh && trace.empty()) return;
  trace.append(e.text);
  if (trace.find("</rubric>", trace.size() - std::min(trace.size(), e.text.size() + 9)) == std::string::npos) return;
  const rubric::Rubric r = rubric::read_rubric(trace);
  trace.clear();
  std::string data;
  json::Writer w(data);
  w.begin_object().member("index", static_cast<std::uint64_t>(entry_of_[e.index])).member("request", e.request);
  w.key("criteria").begin_array();
  for (const rubric::Criterion& c : r.criteria) {
    w.begin_object().member("name", std::string_view(c.name)).member("weight", c.weight);
    w.member("description", std::string_view(c.description)).end_object();
  }
  w.end_array().end_object();
  write(event("rubric", data));
}

void Asked::events(const Write& write) {
  probe_ = [&write] { return write(": \n\n"); };
  for (const std::size_t entry : entry_of_) write(event("start", start_data(entry)));
  for (const Entry& e : in_.entries) {
    if (!e.failure.empty()) write(event("error", one_line(e.failure))), ++failed_;
  }
  batch_.run({[&](const Event& e) {
                write_text(write, e);
                watch_for_rubric(write, e);
              },
              [&](std::size_t job, const std::optional<Error>& error) {
                write(event(error ? "error" : "judgment", one_line(outcome(job, error))));
              },
              [&] { write(": \n\n"); }});
  std::string data;
  json::Writer w(data);
  w.begin_object().member("records", static_cast<std::uint64_t>(in_.entries.size()));
  w.member("failed", static_cast<std::uint64_t>(failed_));
  w.member("seconds", std::chrono::duration<double>(Clock::now() - began_).count()).end_object();
  write(event("done", data));
}

// Holds what a streamed reply needs for as long as httplib writes it.
struct Streamed {
  Streamed(Context& c, Connection& connection, Intake in) : place(c), asked(c, connection, std::move(in)) {}
  Place place;
  Asked asked;
};

}  // namespace

void judge_route(Context& c, const httplib::Request& req, httplib::Response& res) {
  Connection& connection = Front::current();
  auto in = read_body(connection.head(), req.body, c.judging, c.options.limits);
  if (!in) return reply_error(res, in.error());
  const bool events = in->stream, lines = in->shape == Shape::kLines;
  const auto streamed = std::make_shared<Streamed>(c, connection, std::move(*in));
  if (!streamed->place) return reply_error(res, 503, "busy", "too many requests are being judged; try again");
  if (auto r = streamed->asked.start(); !r) return reply_error(res, r.error());
  if ((!events && !lines) || connection.head().http_1_0) return streamed->asked.whole(res);

  res.set_header("X-Accel-Buffering", "no");
  res.set_chunked_content_provider(
      events ? "text/event-stream" : "application/x-ndjson", [streamed, events](std::size_t, httplib::DataSink& sink) {
        const Write write = [&sink](std::string_view s) { return sink.write(s.data(), s.size()); };
        events ? streamed->asked.events(write) : streamed->asked.lines(write);
        sink.done();
        return true;
      });
}

}  // namespace rm::serve
