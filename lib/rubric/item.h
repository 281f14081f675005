// One line of a rubric taken apart: its marker, the name of a criterion, what it weighs, what is said about it. Pure functions,
// linear in the line. What the line means among the others is the business of criteria.h.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "lib/rubric/weight.h"

namespace rm::rubric {

enum class Marker { kNone, kNumber, kLetter, kBullet, kHash, kBold };

struct Item {
  Marker marker = Marker::kNone;
  std::size_t number = 0;  // of kNumber
  std::size_t indent = 0;  // columns before the marker
  std::string name;        // without weight and emphasis
  std::string description;
  std::optional<Amount> amount;  // what stands where weights stand
  bool named = false;            // the word "weight" or points came with it
  bool in_head = false;          // the weight stood in brackets behind the name
  bool sentence = false;         // the name is a whole sentence, ended by its full stop
  bool ended = false;            // the name ends in a colon, dash, weight or full stop: it is not cut
  bool colon = false;            // nothing follows its colon: a heading, or a name whose lines come below
};

Item read_item(std::string_view line);

// A line that is written as an element: <item weight="40%">Accuracy</item>.
struct Element {
  std::string_view tag, attributes, inside;
  std::string_view after;  // behind the closing tag
  bool closed = false;     // its closing tag stands on the line
  bool closing = false;    // </tag>
};
std::optional<Element> read_element(std::string_view line);
std::string_view attribute(std::string_view attributes, std::string_view name);

}  // namespace rm::rubric
