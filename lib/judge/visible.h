// The answer blocks <answer>[[...]]</answer> in the visible text of a trace: what decides, told from what is only quoted.
//
//  - thought is hidden: from <think> to its </think> or, when it is never closed, to the end; and everything before a first
//    </think> that neither <think> nor <eval> came before (chat templates that open the thought in the prompt);
//  - <quote_A>, <quote_B>, <summary_A>, <summary_B> and <eval> hide what they hold up to their closing tag; left open they
//    hide nothing. A quote inside <eval> hides its </eval> too; <think> inside <eval> is plain text;
//  - a block inside an outer <answer>...</answer> is nested and does not count; one that never closes hides nothing.
// Pure; linear in the length of the trace; no recursion.
#pragma once

#include <cstddef>
#include <functional>
#include <string_view>
#include <vector>

namespace rm::judge {

struct AnswerBlock {
  std::string_view content;  // between the brackets
  std::size_t byte = 0;      // where it stands in the trace
};

// The blocks whose content `counts`, in order. Others are read as an opening <answer> tag and text.
std::vector<AnswerBlock> answer_blocks(std::string_view trace, const std::function<bool(std::string_view)>& counts);

}  // namespace rm::judge
