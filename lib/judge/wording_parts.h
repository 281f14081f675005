// The pieces that prompts share, as literals to be joined: what stands between these marks is material, and a mark that read
// differently in one prompt would be a way out of it. Internal to the wordings.
#pragma once

#define RM_QUESTION            \
  "[Question of the client]\n" \
  "{question}\n"
#define RM_RUBRIC     \
  "[Rubric begins]\n" \
  "{rubric}\n"        \
  "[Rubric ends]\n"
#define RM_ANSWERS                 \
  "[Answer of chatbot A begins]\n" \
  "{answer_a}\n"                   \
  "[Answer of chatbot A ends]\n"   \
  "\n"                             \
  "[Answer of chatbot B begins]\n" \
  "{answer_b}\n"                   \
  "[Answer of chatbot B ends]"
#define RM_CONVERSATIONS                                 \
  "[Conversation of chatbot A with the client begins]\n" \
  "{conversation_1}\n"                                   \
  "[Conversation of chatbot A with the client ends]\n"   \
  "\n"                                                   \
  "[Conversation of chatbot B with the client begins]\n" \
  "{conversation_2}\n"                                   \
  "[Conversation of chatbot B with the client ends]"
#define RM_END_ANSWERS                                                                                          \
  "Think it through, then end with your verdict in exactly this form: <answer>[[A]]</answer> if A's answer is " \
  "better, <answer>[[B]]</answer> if B's answer is better."
#define RM_END_CONVERSATIONS                                                                                   \
  "Think it through, then end with your verdict in exactly this form: <answer>[[A]]</answer> if A is better, " \
  "<answer>[[B]]</answer> if B is better."
