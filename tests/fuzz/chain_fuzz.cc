// Any bytes as a teacher's chain and as a record of chains: filtered, searched for leaks, read, written and read again as it was.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "lib/base/json.h"
#include "lib/distill/filter.h"
#include "lib/distill/leak.h"
#include "lib/records/chain.h"

namespace {

void require(bool holds) {
  if (!holds) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace rm;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const auto side : {judge::Side::kA, judge::Side::kB}) {
    require(distill::why_not(text, true, side, distill::Filter::kDistill) == "length");
    require(distill::why_not(text, false, side, distill::Filter::kDistill).empty() == judge::distill_keeps(text, side));
    (void)distill::why_not(text, false, side, distill::Filter::kStrict);
  }
  if (const auto told = distill::told_verdict(text, {})) require(!told->empty());

  json::Document document;
  const auto record = document.parse(text);
  if (!record) return 0;
  const auto chain = records::read_chain(*record);
  if (!chain) return 0;
  const std::string again = records::splice("{}", records::chain_fields(*chain));
  json::Document second;
  const auto back = second.parse(again);
  require(back.ok());
  const auto same = records::read_chain(*back);
  require(same.ok());
  require(same->messages == chain->messages && same->response == chain->response);
  require(same->chain.status == chain->chain.status && same->chain.wrong_response == chain->chain.wrong_response);
  return 0;
}
