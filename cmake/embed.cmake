# Turns a text file into a C++ string literal: cmake -DIN=page.html -DOUT=page.inc -P embed.cmake
file(READ "${IN}" text)
file(WRITE "${OUT}" "R\"rmembed(${text})rmembed\"\n")
