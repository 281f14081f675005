#include "tools/rm-judge/one.h"

#include <chrono>

#include "lib/base/escape.h"
#include "lib/base/fd.h"
#include "lib/base/limits.h"
#include "lib/base/number.h"
#include "lib/base/signals.h"
#include "lib/generate/runner.h"
#include "lib/records/line.h"
#include "lib/records/writer.h"
#include "tools/cli/report.h"
#include "tools/rm-judge/painter.h"
#include "tools/rm-judge/screen.h"
#include "tools/rm-judge/verdict_text.h"

namespace rm::rmjudge {
namespace {

Result<std::string> read_text(const std::string& given, const char* flag, bool file_allowed) {
  std::string text = given;
  const auto kind = given == "-" ? std::nullopt : fd::kind_of_path(given);
  if (given == "-" || (file_allowed && kind && !kind->folder)) {
    RM_ASSIGN(text, fd::read_file(given, limits::kLineBytes));
    while (!text.empty() && (text.back() == '\n' || text.back() == '\r')) text.pop_back();
  }
  if (text.find_first_not_of(" \t\r\n") == std::string::npos)
    return make_error(Exit::kUsage, "empty", "is empty", flag);
  return text;
}

// The name of an answer on the screen: its file, or the first words of its text.
std::string called(const std::string& given, std::size_t number) {
  const auto kind = given == "-" ? std::nullopt : fd::kind_of_path(given);
  if (kind && !kind->folder) return escape_text(given, 40);
  return "answer " + std::to_string(number);
}

// The traces of a pair or of ratings, one after the other, so that they can be read.
class Reader {
 public:
  Reader(Screen& screen, generate::Generator& g) : screen_(screen), g_(g) {}

  Result<void> read(judge::Job& job) {
    const std::vector<generate::Request> requests = job.next();
    for (std::size_t i = 0; i < requests.size(); ++i) {
      if (requests.size() > 1) {
        screen_.put((i == 0 ? "" : "\n") + screen_.style("1", title(job.sample(requests[i].id), i, requests.size())) +
                    "\n");
      }
      RM_TRY(ask(job, requests[i], i == 0));
      if (job.failed) return *job.failed;
    }
    return {};
  }

 private:
  static std::string title(const records::Sample& s, std::size_t i, std::size_t n) {
    std::string out = "Sample " + std::to_string(i + 1) + " of " + std::to_string(n);
    if (s.answer) out += ", answer " + std::to_string(*s.answer + 1);
    return s.swapped ? out + ", answers in reverse order" : out;
  }

  Result<void> ask(judge::Job& job, generate::Request r, bool first) {
    Painter painter(screen_.color, screen_.width, [&](std::string_view t) { screen_.put(t); });
    r.on_text = [&](std::string_view t) { painter.push(t); };
    if (first && !g_.model_name().empty()) screen_.note("loading " + escape_text(g_.model_name()) + " ...");
    RM_TRY(g_.submit(std::move(r)));
    if (first) screen_.note("reading the question and the answers ...");
    while (g_.in_flight() > 0) {
      if (signals::stop_requested()) return signals::stop_error();
      RM_ASSIGN(std::vector<generate::Reply> got, g_.wait());
      for (generate::Reply& one : got) job.take(std::move(one));
      if (screen_.failed) return *screen_.failed;
    }
    if (signals::stop_requested()) return signals::stop_error();
    painter.finish();
    return {};
  }

  Screen& screen_;
  generate::Generator& g_;
};

// The matches of a ranking, many at once: nobody could read them all.
Result<void> play(const std::shared_ptr<judge::Job>& job, generate::Generator& g, Screen& screen) {
  generate::Runner runner(g);
  screen.note("comparing the answers ...");
  runner.add(job);
  for (std::size_t rounds = 1;; ++rounds) {
    if (signals::stop_requested()) return signals::stop_error();
    RM_ASSIGN(const auto ended, runner.pump());
    if (!ended.empty()) break;
    screen.note("comparing the answers ... " + std::to_string(rounds) + (rounds == 1 ? " reply" : " replies"));
  }
  return job->failed ? Result<void>(*job->failed) : Result<void>();
}

Result<std::shared_ptr<judge::Job>> make(const Question& q, const judge::Settings& s, const judge::PromptSet& prompts) {
  json::Document document;
  const std::string line = q.record();
  RM_ASSIGN(const json::Value record, document.parse(line));
  RM_ASSIGN(std::shared_ptr<judge::Job> job, judge::make_job(record, {}, prompts, s));
  return job;
}

}  // namespace

std::string Question::record() const {
  std::string line;
  json::Writer w(line);
  w.begin_object().member("question", text);
  if (answers.size() == 1) {
    w.member("response", answers[0]);
  } else if (answers.size() == 2) {
    w.member("answer_a", answers[0]).member("answer_b", answers[1]);
  } else {
    w.key("responses").begin_array();
    for (const std::string& a : answers) w.value(a);
    w.end_array();
  }
  w.end_object();
  return line;
}

Result<Question> read_one(const Options& o) {
  Question q;
  RM_ASSIGN(q.text, read_text(o.question, "-q", false));
  const std::size_t n = o.answers_a.size() + o.answers_b.size();
  for (const auto* list : {&o.answers_a, &o.answers_b}) {
    for (const std::string& given : *list) {
      RM_ASSIGN(std::string text, read_text(given, list == &o.answers_a ? "-a" : "-b", true));
      q.answers.push_back(std::move(text));
      q.names.push_back(n > 2 ? called(given, q.answers.size()) : std::string(1, "AB"[q.names.size()]));
    }
  }
  return q;
}

Result<Counts> judge_one(const Options& o, const judge::Settings& s, const Question& q, generate::Generator& generator,
                         const judge::PromptSet& prompts) {
  Screen screen(o.common.color, o.common.quiet);
  RM_ASSIGN(const std::shared_ptr<judge::Job> job, make(q, s, prompts));
  const auto start = std::chrono::steady_clock::now();
  const bool ranks = q.answers.size() > 2 && !s.rate;
  auto read = ranks ? play(job, generator, screen) : Reader(screen, generator).read(*job);
  screen.clear_note();
  if (!read) {
    generator.cancel_all();
    if (screen.width > 0) screen.put("\n");
    return read.error();
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  job->name_model(generator.model_name());
  const records::Judgment& j = job->judgment();
  print_judgment(screen, q, j, job->warnings());
  Counts c;
  c.records = 1;
  c.add(j);
  if (screen.notes) {
    screen.put("\n        " +
               screen.style("2", escape_text(generator.model_name()) + ", " +
                                     format_grouped(static_cast<std::uint64_t>(c.prompt_tokens)) + " + " +
                                     format_grouped(static_cast<std::uint64_t>(c.completion_tokens)) + " tokens, " +
                                     format_duration(seconds)) +
               "\n");
  }
  if (screen.failed) return *screen.failed;
  if (o.common.out != "-") {
    RM_ASSIGN(records::Writer out, records::Writer::open(o.common.out));
    RM_TRY(out.write(judge::judged_record(q.record(), j, job->warnings())));
    RM_TRY(out.close());
  }
  return c;
}

Result<void> show_one(const Options& o, const judge::Settings& s, const Question& q,
                      const generate::Generator& generator, const judge::PromptSet& prompts) {
  RM_ASSIGN(const std::shared_ptr<judge::Job> job, make(q, s, prompts));
  std::string last;
  for (const generate::Request& r : job->next()) {
    RM_ASSIGN(const generate::Tokenized t, generator.show(r));
    if (t.text == last) continue;  // samples share one prompt
    last = t.text;
    RM_TRY(cli::print(t.text + "\n"));
    if (!o.common.quiet) cli::warn(kProgram, format_grouped(t.ids.size()) + " tokens");
  }
  return {};
}

}  // namespace rm::rmjudge
