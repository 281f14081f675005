#include "lib/generate/torch_object.h"

#include <dlfcn.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "lib/base/folders.h"

namespace rm::generate {
namespace {

std::string program_folder() {
  std::string path(4096, '\0');
  const ssize_t n = readlink("/proc/self/exe", path.data(), path.size());
  path.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return parent_folder(path);
}

// The folder of the object this code lies in (librm_core.so, beside the Torch objects), then the one a program expects.
std::vector<std::string> library_folders() {
  std::vector<std::string> folders;
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&library_folders), &info) != 0 && info.dli_fname != nullptr)
    folders.push_back(parent_folder(info.dli_fname));
  folders.push_back(program_folder() + "/../lib/rm-r1");
  return folders;
}

// Empty when the file lies in none of the folders.
std::string find_object(const std::string& file) {
  for (const std::string& folder : library_folders()) {
    const std::string path = folder + "/" + file;
    struct stat st {};
    if (stat(path.c_str(), &st) == 0 && S_ISREG(st.st_mode)) return path;
  }
  return {};
}

int usable_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  const long n = sysconf(_SC_NPROCESSORS_ONLN);
  return n > 0 ? static_cast<int>(n) : 1;
}

// OpenMP reads these when its library is loaded, which dlopen below does. Threads that spin while they wait stall machines
// with few cores.
void prepare_threads(int threads) {
  setenv("OMP_WAIT_POLICY", "passive", 0);
  const std::string count = std::to_string(threads > 0 ? threads : usable_cores());
  setenv("OMP_NUM_THREADS", count.c_str(), threads > 0 ? 1 : 0);
}

Error device_error(std::string reason, std::string message, std::string where = {}) {
  return make_error(Exit::kResources, std::move(reason), std::move(message), std::move(where));
}

// LibTorch's static objects end the process where they find no memory: too little has to be noticed before. Address space, as
// ulimit -v counts it; 406 MiB were enough.
constexpr std::size_t kRoom = std::size_t{432} << 20;

bool has_room() {
  void* room = mmap(nullptr, kRoom, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return room != MAP_FAILED && munmap(room, kRoom) == 0;
}

Result<TorchObject> open_object(const std::string& path, const std::string& device, int threads) {
  prepare_threads(threads);
  if (dlopen(path.c_str(), RTLD_NOW | RTLD_NOLOAD) == nullptr && !has_room()) {
    return device_error(
        "no_memory", "not enough memory while loading LibTorch: 432 MiB of address space are needed (ulimit -v)", path);
  }
  TorchObject o{dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE), path, device};
  if (o.handle != nullptr) return o;
  const char* why = dlerror();
  return device_error("no_library", std::string("cannot be loaded: ") + (why != nullptr ? why : "no reason given"),
                      path);
}

Result<void> open_and_use(const std::string& path, const std::string& device, int threads,
                          const std::function<Result<void>(const TorchObject&)>& use) {
  RM_ASSIGN(const TorchObject o, open_object(path, device, threads));
  return use(o);
}

}  // namespace

Result<void*> find_function(const TorchObject& o, const char* name, const char* abi, int expected) {
  const auto version = reinterpret_cast<int (*)()>(dlsym(o.handle, abi));
  void* found = dlsym(o.handle, name);
  if (version == nullptr || found == nullptr) {
    return device_error("no_library",
                        std::string("lacks ") + abi + " or " + name + ": not one of our libraries; reinstall", o.path);
  }
  if (const int has = version(); has != expected) {
    return device_error("wrong_abi",
                        "has interface " + std::to_string(has) + ", this program needs " + std::to_string(expected) +
                            ": program and library come from different builds; reinstall both",
                        o.path);
  }
  return found;
}

Result<void> with_torch_object(const std::string& device, int threads,
                               const std::function<Result<void>(const TorchObject&)>& use) {
  const bool automatic = device.empty() || device == "auto";
  const bool cuda = device == "cuda" || device.rfind("cuda:", 0) == 0;
  if (!automatic && !cuda && device != "cpu") {
    return make_error(Exit::kUsage, "bad_device",
                      "unknown device \"" + device + "\"; expected auto, cpu, cuda or cuda:N", "--device");
  }
  if (automatic || cuda) {
    const std::string path = find_object("librm_torch_cuda.so");
    if (path.empty() && cuda) {
      return device_error(
          "no_library", "librm_torch_cuda.so is not installed (built where a CUDA toolkit is found); use --device cpu",
          "--device " + device);
    }
    if (!path.empty()) {
      auto used = open_and_use(path, automatic ? "cuda" : device, threads, use);
      if (used || cuda) return used;
      const std::string& why = used.error().reason;
      if (why != "no_device" && why != "no_library") return used;
    }
  }
  const std::string path = find_object("librm_torch_cpu.so");
  if (path.empty()) {
    return device_error("no_library", "librm_torch_cpu.so is not beside this program (looked in " +
                                          library_folders().back() + "): build with make build, or reinstall");
  }
  return open_and_use(path, "cpu", threads, use);
}

}  // namespace rm::generate
