#include "lib/report/page.h"

#include "lib/base/hash.h"
#include "lib/base/number.h"
#include "lib/report/html.h"
#include "lib/report/sections.h"
#include "version.h"

namespace rm::report {
namespace {

constexpr std::string_view kStyle =
#include "report_css.inc"
    ;
constexpr std::string_view kScript =
#include "report_js.inc"
    ;
constexpr std::string_view kBrowser =
#include "report_browser.inc"
    ;

std::string title_of(const std::vector<BenchReport>& benches) {
  std::string out;
  for (const BenchReport& b : benches) out += (out.empty() ? "" : ", ") + b.runs.front().scores.bench;
  return out;
}

std::string head(const std::string& title, const std::string& nonce) {
  const std::string allowed = "'nonce-" + nonce + "'";
  std::string out = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  out += "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; script-src " + allowed +
         "; style-src " + allowed + "; img-src data:; base-uri 'none'; form-action 'none'\">\n";
  out +=
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" "
      "content=\"light dark\">\n";
  out += "<meta name=\"generator\" content=\"rm-eval " RM_VERSION "\">\n<title>" + html_text(title) +
         " – report</title>\n";
  out += "<link rel=\"icon\" href=\"data:,\">\n<style nonce=\"" + nonce + "\">\n" + std::string(kStyle) +
         "</style>\n</head>\n";
  return out;
}

std::string top(const std::vector<BenchReport>& benches, bool browser) {
  std::string out = "<body>\n<a class=\"skip\" href=\"#main\">To the figures</a>\n<header class=\"page\"><h1>Judged: " +
                    html_text(title_of(benches)) + "</h1>\n<nav aria-label=\"Parts\"><ul>";
  for (std::size_t i = 0; i < benches.size(); ++i)
    out += "<li><a href=\"#bench-" + std::to_string(i) + "\">" + html_text(benches[i].runs.front().scores.bench) +
           "</a></li>";
  if (browser) out += "<li><a href=\"#browser\">Judgments</a></li>";
  return out + "</ul></nav></header>\n<main id=\"main\">\n";
}

}  // namespace

Result<void> write_page(const std::vector<BenchReport>& benches, Browse& browse,
                        const std::function<Result<void>(std::string_view)>& out) {
  ContentHash seen;
  std::string sections;
  for (std::size_t i = 0; i < benches.size(); ++i) sections += bench_section(benches[i], i);
  // The same page every time, and not to be guessed by who wrote a record in it.
  const std::string nonce = hex64(seen.add(sections).add(browse.fingerprint()).digest());
  const bool browser = browse.kept() > 0;
  RM_TRY(out(head(title_of(benches), nonce) + top(benches, browser) + sections));
  if (browser) RM_TRY(out(kBrowser));
  RM_TRY(out("</main>\n<footer>Made by rm-eval " RM_VERSION ". This file asks nobody for anything.</footer>"));
  if (browser) {
    RM_TRY(browse.write(out));
    RM_TRY(out("<script nonce=\"" + nonce + "\">\n" + std::string(kScript) + "</script>"));
  }
  return out("</body>\n</html>");
}

}  // namespace rm::report
