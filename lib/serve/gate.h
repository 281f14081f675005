// Who may ask: the token, and pages of other origins that a browser would let ask.
//
// On loopback only names of this machine are taken for Host, so a stranger's DNS name pointed here (rebinding) reaches
// nothing; an Origin other than the server's own is refused everywhere. Pure functions over a request's head.
#pragma once

#include <optional>
#include <string_view>

#include "lib/serve/head.h"
#include "lib/serve/options.h"

namespace rm::serve {

// Why the request is refused (401, 403), or empty. /health needs no token.
std::optional<Refusal> refuse_stranger(const Head& head, const Options& o);

// "Bearer TOKEN", or "Basic" with the token as its password, which is how a browser asks a person for it.
bool has_token(std::string_view authorization, std::string_view token);

// Takes as long whatever the first difference; only the lengths are told apart.
bool same_secret(std::string_view a, std::string_view b);

}  // namespace rm::serve
