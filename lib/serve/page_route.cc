#include <sys/random.h>

#include "lib/base/hash.h"
#include "lib/serve/context.h"

namespace rm::serve {
namespace {

constexpr std::string_view kPage =
#include "page.inc"
    ;
constexpr std::string_view kMark = "@NONCE@";

// Unlike for every reply, so that no text can carry a script that runs.
std::string fresh_nonce() {
  std::uint64_t bits[2] = {};
  if (::getrandom(bits, sizeof bits, 0) != sizeof bits) return {};
  return hex64(bits[0]) + hex64(bits[1]);
}

}  // namespace

void page_route(Context&, const httplib::Request&, httplib::Response& res) {
  const std::string nonce = fresh_nonce();
  if (nonce.empty()) return reply_error(res, 503, "busy", "no random numbers yet; try again");
  std::string page;
  for (std::size_t at = 0; at < kPage.size();) {
    const std::size_t mark = std::min(kPage.find(kMark, at), kPage.size());
    page.append(kPage.substr(at, mark - at));
    if (mark < kPage.size()) page += nonce;
    at = mark + kMark.size();
  }
  res.set_header(
      "Content-Security-Policy",
      "default-src 'none'; script-src 'nonce-" + nonce + "'; style-src 'nonce-" + nonce +
          "'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
  res.set_header("Referrer-Policy", "no-referrer");
  res.set_content(page, "text/html; charset=utf-8");
}

}  // namespace rm::serve
