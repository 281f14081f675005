// Turns of a conversation as the JSON that read_pair() reads back.
#pragma once

#include <span>
#include <string>

#include "lib/records/pair.h"

namespace rm::records {

// Appends a string where `turns` is one turn of `role`, else a list of {role, content}.
void append_turns(std::string& out, std::span<const Message> turns, const char* role);

}  // namespace rm::records
