// The parts of a report about one benchmark, as HTML. Internal to page.
#pragma once

#include <string>

#include "lib/report/page.h"

namespace rm::report {

std::string bench_section(const BenchReport& b, std::size_t number);

}  // namespace rm::report
