#include "lib/records/vet.h"

namespace rm::records {

void write_vet(json::Writer& w, const Vet& v) {
  w.begin_object().member("kept", v.kept).member("reason", std::string_view(v.reason)).member("gain", v.gain);
  w.key("with");
  write_judgment(w, v.with);
  w.key("without");
  write_judgment(w, v.without);
  w.end_object();
}

}  // namespace rm::records
