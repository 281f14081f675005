#include "lib/report/html.h"

#include <doctest/doctest.h>

TEST_CASE("nothing that a record says means anything to HTML") {
  using rm::report::html_text;
  CHECK(html_text("a < b && c > \"d\" 'e'") == "a &lt; b &amp;&amp; c &gt; &quot;d&quot; &#39;e&#39;");
  CHECK(html_text("</script><!-- \xE2\x80\xA8") == "&lt;/script&gt;&lt;!-- \xE2\x80\xA8");
  CHECK(html_text("tab\tline\n") == "tab\tline\n");
  CHECK(html_text(std::string_view("\0\x1b\x7f", 3)) == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(html_text("\xff\xc3") == "\xEF\xBF\xBD\xEF\xBF\xBD");
}
