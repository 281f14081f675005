#include "lib/model/exceptions.h"

#include <ATen/ATen.h>
#include <oneapi/dnnl/dnnl_common.hpp>

#include <exception>
#include <new>
#include <string>

namespace rm::model {

Error from_exception(const char* doing) {
  try {
    throw;
  } catch (const c10::OutOfMemoryError& e) {
    return make_error(Exit::kResources, "out_of_memory", std::string("not enough device memory while ") + doing);
  } catch (const std::bad_alloc&) {
    return make_error(Exit::kResources, "out_of_memory", std::string("not enough memory while ") + doing);
  } catch (const dnnl::error& e) {
    if (e.status == dnnl_out_of_memory)
      return make_error(Exit::kResources, "out_of_memory", std::string("not enough memory while ") + doing);
    return make_error(Exit::kBug, "onednn", std::string("unexpected failure while ") + doing + ": " + e.message);
  } catch (const std::exception& e) {
    std::string what = e.what();
    what = what.substr(0, what.find('\n'));
    // ATen's CPU allocator has no exception type of its own for this.
    if (what.find("not enough memory") != std::string::npos || what.find("can't allocate memory") != std::string::npos)
      return make_error(Exit::kResources, "out_of_memory", std::string("not enough memory while ") + doing);
    return make_error(Exit::kBug, "torch", std::string("unexpected failure while ") + doing + ": " + what);
  }
}

}  // namespace rm::model
