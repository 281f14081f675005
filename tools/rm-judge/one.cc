#include "tools/rm-judge/one.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>

#include "lib/base/escape.h"
#include "lib/base/fd.h"
#include "lib/base/limits.h"
#include "lib/base/number.h"
#include "lib/base/progress.h"
#include "lib/base/signals.h"
#include "lib/records/writer.h"
#include "lib/rubric/rubric.h"
#include "tools/cli/report.h"
#include "tools/rm-judge/loop.h"
#include "tools/rm-judge/painter.h"
#include "tools/rm-judge/warnings.h"

namespace rm::rmjudge {
namespace {

constexpr int kWidest = 100;

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

// How standard output shows text: colours, width, and a passing note while nothing has come yet.
struct Screen {
  explicit Screen(const Options& o) : color(want_color(o.common.color, 1)) {
    winsize size{};
    if (isatty(1) == 1)
      width = ioctl(1, TIOCGWINSZ, &size) == 0 && size.ws_col >= 20 ? std::min<int>(size.ws_col, kWidest) : 80;
    const char* term = std::getenv("TERM");
    notes = width > 0 && isatty(2) == 1 && !o.common.quiet && term != nullptr && std::string_view(term) != "dumb";
  }

  void put(std::string_view text) {
    clear_note();
    if (auto r = cli::print(text); !r && !failed) failed = r.error();
  }
  void note(const std::string& text) {
    if (!notes) return;
    (void)fd::write_all(2, "\r\x1b[K" + style("2", text), "");
    noted = true;
  }
  void clear_note() {
    if (noted) (void)fd::write_all(2, "\r\x1b[K", "");
    noted = false;
  }
  std::string style(const char* code, const std::string& text) const {
    return color ? std::string("\x1b[") + code + "m" + text + "\x1b[0m" : text;
  }
  int columns() const { return width > 0 ? width : 80; }

  bool color = false, notes = false, noted = false;
  int width = 0;  // 0: no terminal
  std::optional<Error> failed;
};

std::string heading(const std::string& title, const Screen& s) { return "\n" + s.style("1", title) + "\n"; }

void print_rubric(Screen& s, const rubric::Rubric& r) {
  if (r.criteria.empty()) return;
  s.put(heading("Rubric", s));
  for (const rubric::Criterion& c : r.criteria) {
    std::string weight = c.weight ? format_fixed(*c.weight * 100, 0) + " %" : "";
    weight.insert(0, weight.size() < 6 ? 6 - weight.size() : 0, ' ');
    const std::string name = wrapped(c.name, s.columns() - 8, 8);
    s.put(weight + "  " + s.style("1", name) + "\n");
    if (!c.description.empty()) s.put("        " + wrapped(c.description, s.columns(), 8) + "\n");
  }
}

std::string verdict_words(const records::Judgment& j) {
  if (!j.verdict) {
    const std::string reason = j.samples.empty() ? "" : j.samples.front().reason;
    if (reason == "length") return "none: the trace was cut before it came to one (--max-tokens)";
    if (reason == "conflict") return "none: the trace contradicts itself";
    return "none: the trace does not state one";
  }
  if (*j.verdict == "tie") return "tie";
  return *j.verdict + " is better";
}

void print_verdict(Screen& s, const records::Judgment& j, const std::vector<std::string>& odd) {
  const char* color = !j.verdict ? "1;33" : "1;32";
  s.put(heading("Verdict", s) + "        " + s.style(color, verdict_words(j)) + "\n");
  if (j.votes_a + j.votes_b + j.votes_none > 1) {
    s.put("        votes: A " + std::to_string(j.votes_a) + ", B " + std::to_string(j.votes_b) + ", none " +
          std::to_string(j.votes_none) + "\n");
  }
  if (j.confidence) s.put("        confidence: " + format_fixed(*j.confidence, 3) + "\n");
  if (j.consistent) s.put(std::string("        both orders ") + (*j.consistent ? "agree" : "disagree") + "\n");
  for (const std::string& w : odd) s.put("        " + s.style("33", "note: " + w) + "\n");
}

}  // namespace

Result<records::Pair> read_one(const Options& o) {
  RM_ASSIGN(std::string q, read_text(o.question, "-q", false));
  RM_ASSIGN(std::string a, read_text(o.answer_a, "-a", true));
  RM_ASSIGN(std::string b, read_text(o.answer_b, "-b", true));
  records::Pair p;
  p.same_answers = a == b;
  p.prompt = {{"user", std::move(q)}};
  p.answer = {std::vector<records::Message>{{"assistant", std::move(a)}},
              std::vector<records::Message>{{"assistant", std::move(b)}}};
  return p;
}

namespace {

// One sample after the other, so that the traces can be read.
Result<std::vector<generate::Reply>> ask_all(const std::vector<judge::Ask>& asks, generate::Generator& g,
                                             Screen& screen) {
  std::vector<generate::Reply> replies(asks.size());
  for (std::size_t i = 0; i < asks.size(); ++i) {
    if (asks.size() > 1) {
      screen.put((i == 0 ? "" : "\n") +
                 screen.style("1", "Sample " + std::to_string(i + 1) + " of " + std::to_string(asks.size()) +
                                       (asks[i].swapped ? ", answers in reverse order" : "")) +
                 "\n");
    }
    Painter painter(screen.color, screen.width, [&](std::string_view t) { screen.put(t); });
    generate::Request r = asks[i].request;
    r.id = i;
    r.on_text = [&](std::string_view t) { painter.push(t); };
    if (i == 0) screen.note("loading " + escape_text(g.model_name()) + " ...");
    RM_TRY(g.submit(std::move(r)));
    if (i == 0) screen.note("reading the question and the answers ...");
    while (g.in_flight() > 0) {
      if (signals::stop_requested()) return signals::stop_error();
      RM_ASSIGN(std::vector<generate::Reply> got, g.wait());
      for (generate::Reply& one : got) replies[i] = std::move(one);
      if (screen.failed) return *screen.failed;
    }
    if (signals::stop_requested()) return signals::stop_error();
    painter.finish();
  }
  return replies;
}

std::string as_record(const records::Pair& p) {
  std::string line;
  json::Writer w(line);
  w.begin_object().member("question", p.prompt[0].content).member("answer_a", p.answer[0][0].content);
  w.member("answer_b", p.answer[1][0].content).end_object();
  return line;
}

}  // namespace

Result<Counts> judge_one(const Options& o, const judge::Settings& s, const records::Pair& pair,
                         generate::Generator& generator, const judge::PromptSet& prompts) {
  Screen screen(o);
  RM_ASSIGN(const std::vector<judge::Ask> asks, judge::plan(pair, prompts, s));
  const auto start = std::chrono::steady_clock::now();
  auto replies = ask_all(asks, generator, screen);
  screen.clear_note();
  if (!replies) {
    generator.cancel_all();
    if (screen.width > 0) screen.put("\n");
    return replies.error();
  }
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const records::Judgment j = judge::decide(pair, asks, *replies, prompts, s);
  const std::vector<std::string> odd = warnings(pair);
  if (!j.samples.empty()) print_rubric(screen, rubric::read_rubric(j.samples.front().text));
  print_verdict(screen, j, odd);
  Counts c;
  c.records = 1;
  c.add(j);
  if (screen.notes) {
    screen.put("        " +
               screen.style("2", j.model + ", " + format_grouped(static_cast<std::uint64_t>(c.prompt_tokens)) + " + " +
                                     format_grouped(static_cast<std::uint64_t>(c.completion_tokens)) + " tokens, " +
                                     format_duration(seconds)) +
               "\n");
  }
  if (screen.failed) return *screen.failed;
  if (o.common.out != "-") {
    RM_ASSIGN(records::Writer out, records::Writer::open(o.common.out));
    RM_TRY(out.write(judged_record(as_record(pair), j, odd)));
    RM_TRY(out.close());
  }
  return c;
}

Result<void> show_one(const Options& o, const judge::Settings& s, const records::Pair& pair,
                      const generate::Generator& generator, const judge::PromptSet& prompts) {
  RM_ASSIGN(const std::vector<judge::Ask> asks, judge::plan(pair, prompts, s));
  for (const judge::Ask& a : asks) {
    RM_ASSIGN(const generate::Tokenized t, generator.show(a.request));
    RM_TRY(cli::print(t.text + "\n"));
    if (!o.common.quiet) cli::warn(kProgram, format_grouped(t.ids.size()) + " tokens");
    if (!s.both_orders) break;
  }
  return {};
}

}  // namespace rm::rmjudge
