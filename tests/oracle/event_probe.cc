// event_probe FOLDER [RESUMED] <metrics.jsonl: writes flat records of numbers and nulls as an event file into the folder, as a run
// that goes on from step RESUMED where it is given: the other side of goldens/event_files.py. A line it cannot read ends it with 3.
#include <iostream>
#include <limits>
#include <string>

#include "lib/base/json.h"
#include "lib/base/number.h"
#include "lib/metrics/tensorboard.h"

int main(int argc, char** argv) {
  using namespace rm;
  if (argc < 2) return 2;
  auto file = metrics::EventFile::open(argv[1], argc > 2 ? parse_int(argv[2]) : std::nullopt);
  if (!file) return std::cerr << "event_probe: " << file.error().text() << '\n', 5;
  json::Document document;
  for (std::string line; std::getline(std::cin, line);) {
    const auto value = document.parse(line);
    const auto step = value ? value->find("step") : std::nullopt;
    if (!step || !step->integer()) return 3;
    metrics::Record record(*step->integer());
    value->each_member([&record](std::string_view name, json::Value v) {
      if (name == "step") return;
      if (v.integer()) {
        record.add(name, *v.integer());
      } else {
        record.add(name, v.number().value_or(std::numeric_limits<double>::quiet_NaN()));
      }
    });
    if (!file->write(record)) return 5;
  }
  return file->close() ? 0 : 5;
}
