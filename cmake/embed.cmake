# Turns a text file into a C++ string literal: cmake -DROOT=source -DIN=page.html -DOUT=page.inc -P embed.cmake
# A line "@include FILE@" stands for that file, named from the root.
file(READ "${IN}" text)
while(text MATCHES "@include ([^@\n]+)@")
  file(READ "${ROOT}/${CMAKE_MATCH_1}" part)
  string(REPLACE "${CMAKE_MATCH_0}" "${part}" text "${text}")
endwhile()
file(WRITE "${OUT}" "R\"rmembed(${text})rmembed\"\n")
