// The Torch objects: where they lie, how they are opened, and which one a device means.
#include <dlfcn.h>
#include <sched.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <vector>

#include "lib/generate/local.h"

namespace rm::generate {
namespace {

std::string folder_of(const std::string& path) {
  const auto slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash);
}

std::string program_folder() {
  std::string path(4096, '\0');
  const ssize_t n = readlink("/proc/self/exe", path.data(), path.size());
  path.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return folder_of(path);
}

// The folder of the object this code lies in (librm_core.so, beside the Torch objects), then the one a program expects.
std::vector<std::string> library_folders() {
  std::vector<std::string> folders;
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&library_folders), &info) != 0 && info.dli_fname != nullptr)
    folders.push_back(folder_of(info.dli_fname));
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

Result<std::unique_ptr<TokenEngine>> open_object(const std::string& path, const EngineOptions& o) {
  prepare_threads(o.threads);
  void* handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (handle == nullptr) {
    const char* why = dlerror();
    return device_error("no_library", std::string("cannot be loaded: ") + (why != nullptr ? why : "no reason given"),
                        path);
  }
  const auto abi = reinterpret_cast<AbiFn>(dlsym(handle, "rm_engine_abi"));
  const auto open = reinterpret_cast<OpenFn>(dlsym(handle, "rm_engine_open"));
  if (abi == nullptr || open == nullptr)
    return device_error("no_library", "lacks rm_engine_abi or rm_engine_open: not one of our libraries; reinstall",
                        path);
  if (const int found = abi(); found != kEngineAbi) {
    return device_error("wrong_abi",
                        "has interface " + std::to_string(found) + ", this program needs " +
                            std::to_string(kEngineAbi) +
                            ": program and library come from different builds; reinstall both",
                        path);
  }
  TokenEngine* engine = nullptr;
  Error error;
  const int rc = open(&o, &engine, &error);
  std::unique_ptr<TokenEngine> owned(engine);
  if (rc != 0 || !owned) {
    if (error.message.empty())
      error = make_error(Exit::kBug, "engine", "the engine failed to open and gave no reason", path);
    return error;
  }
  return owned;
}

}  // namespace

Result<std::unique_ptr<TokenEngine>> open_engine(const EngineOptions& o) {
  const bool automatic = o.device.empty() || o.device == "auto";
  const bool cuda = o.device == "cuda" || o.device.rfind("cuda:", 0) == 0;
  if (!automatic && !cuda && o.device != "cpu") {
    return make_error(Exit::kUsage, "bad_device",
                      "unknown device \"" + o.device + "\"; expected auto, cpu, cuda or cuda:N", "--device");
  }
  if (automatic || cuda) {
    const std::string path = find_object("librm_torch_cuda.so");
    if (path.empty() && cuda) {
      return device_error(
          "no_library", "librm_torch_cuda.so is not installed (built where a CUDA toolkit is found); use --device cpu",
          "--device " + o.device);
    }
    if (!path.empty()) {
      EngineOptions on_gpu = o;
      if (automatic) on_gpu.device = "cuda";
      auto engine = open_object(path, on_gpu);
      if (engine || cuda) return engine;
      const std::string& why = engine.error().reason;
      if (why != "no_device" && why != "no_library") return engine;
    }
  }
  const std::string path = find_object("librm_torch_cpu.so");
  if (path.empty()) {
    return device_error("no_library", "librm_torch_cpu.so is not beside this program (looked in " +
                                          library_folders().back() + "): build with make build, or reinstall");
  }
  EngineOptions on_cpu = o;
  on_cpu.device = "cpu";
  return open_object(path, on_cpu);
}

}  // namespace rm::generate
