#include "lib/serve/options.h"

#include <arpa/inet.h>

#include "lib/base/escape.h"
#include "lib/base/number.h"

namespace rm::serve {
namespace {

Error bad_address(std::string_view address) {
  return make_error(Exit::kUsage, "usage",
                    "--serve " + escape_text(address) +
                        ": expected ADDRESS:PORT, such as 127.0.0.1:8080, [::1]:8080 or :8080 (this machine alone)");
}

bool is_name(std::string_view host) {
  for (const char c : host) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    if (!plain) return false;
  }
  return true;
}

bool is_ipv6(const std::string& host) {
  in6_addr a{};
  return ::inet_pton(AF_INET6, host.c_str(), &a) == 1;
}

}  // namespace

Result<Options> parse_address(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return bad_address(address);
  const auto port = parse_int(address.substr(colon + 1));
  if (!port || *port < 0 || *port > 65535) return bad_address(address);
  Options o;
  o.port = static_cast<int>(*port);
  std::string_view host = address.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']') {
    o.host = host.substr(1, host.size() - 2);
    return is_ipv6(o.host) ? Result<Options>(std::move(o)) : bad_address(address);
  }
  if (!is_name(host)) return bad_address(address);
  if (!host.empty()) o.host = host;
  return o;
}

bool is_loopback(std::string_view host) {
  if (host == "localhost") return true;
  const std::string text(host);
  in_addr v4{};
  if (::inet_pton(AF_INET, text.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  in6_addr v6{};
  if (::inet_pton(AF_INET6, text.c_str(), &v6) != 1) return false;
  return IN6_IS_ADDR_LOOPBACK(&v6) != 0;
}

Result<void> check_exposure(const Options& o) {
  if (!o.token.empty() || is_loopback(o.host)) return {};
  return make_error(Exit::kUsage, "usage",
                    "--serve " + o.host +
                        ": other machines can reach this address, so a token is needed: put one into "
                        "RM_SERVE_TOKEN, or serve on 127.0.0.1");
}

}  // namespace rm::serve
