#include "lib/serve/gate.h"

#include <string>

#include "lib/base/base64.h"

namespace rm::serve {
namespace {

// The host of "name:port", "[::1]:port" or either without a port.
std::string_view host_name(std::string_view host) {
  if (!host.empty() && host.front() == '[') return host.substr(0, host.find(']') + 1);
  return host.substr(0, host.find(':'));
}

// A name somebody else could point here is none of this machine's; an address cannot be pointed.
bool is_this_machine(std::string_view host) {
  std::string name(host_name(host));
  if (name.size() > 2 && name.front() == '[') name = name.substr(1, name.size() - 2);
  for (char& c : name) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c;
  return is_loopback(name);
}

bool starts_with_word(std::string_view text, std::string_view lower_word) {
  if (text.size() <= lower_word.size() || text[lower_word.size()] != ' ') return false;
  for (std::size_t i = 0; i < lower_word.size(); ++i) {
    if ((text[i] | 0x20) != lower_word[i]) return false;
  }
  return true;
}

}  // namespace

bool same_secret(std::string_view a, std::string_view b) {
  volatile unsigned char difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const char other = b.empty() ? '\0' : b[i % b.size()];
    difference = static_cast<unsigned char>(difference | static_cast<unsigned char>(a[i] ^ other));
  }
  return difference == 0;
}

bool has_token(std::string_view authorization, std::string_view token) {
  if (starts_with_word(authorization, "bearer")) {
    authorization.remove_prefix(7);
    while (!authorization.empty() && authorization.front() == ' ') authorization.remove_prefix(1);
    return same_secret(authorization, token);
  }
  if (!starts_with_word(authorization, "basic")) return false;
  const auto pair = decode_base64(authorization.substr(6));
  if (!pair) return false;
  const std::size_t colon = pair->find(':');
  return colon != std::string::npos && same_secret(std::string_view(*pair).substr(colon + 1), token);
}

std::optional<Refusal> refuse_stranger(const Head& head, const Options& o) {
  if (is_loopback(o.host) && head.has_host && !is_this_machine(head.host))
    return Refusal{403, "bad_host", "the Host header names another machine; ask for 127.0.0.1, [::1] or localhost"};
  if (!head.origin.empty()) {
    const std::size_t slashes = head.origin.find("://");
    if (slashes == std::string::npos || std::string_view(head.origin).substr(slashes + 3) != head.host)
      return Refusal{403, "cross_origin", "pages of other origins may not ask this server"};
  }
  if (head.fetch_site == "cross-site" && head.method != "GET")
    return Refusal{403, "cross_origin", "pages of other origins may not ask this server"};
  if (o.token.empty() || head.path == "/health" || has_token(head.authorization, o.token)) return std::nullopt;
  return Refusal{401, "unauthorized",
                 "send the server's token: Authorization: Bearer TOKEN (or as the password where a browser asks)"};
}

}  // namespace rm::serve
