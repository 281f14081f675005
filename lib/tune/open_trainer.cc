#include "lib/tune/open_trainer.h"

#include "lib/generate/torch_object.h"

namespace rm::tune {

Result<std::unique_ptr<Trainer>> open_trainer(const TrainerOptions& o) {
  std::unique_ptr<Trainer> trainer;
  RM_TRY(generate::with_torch_object(o.device, o.threads, [&](const generate::TorchObject& object) -> Result<void> {
    RM_ASSIGN(void* found, generate::find_function(object, "rm_trainer_open", "rm_trainer_abi", kTrainerAbi));
    TrainerOptions there = o;
    there.device = object.device;
    Trainer* made = nullptr;
    Error error;
    const int rc = reinterpret_cast<TrainerOpenFn>(found)(&there, &made, &error);
    trainer.reset(made);
    if (rc == 0 && trainer) return {};
    if (error.message.empty())
      error = make_error(Exit::kBug, "trainer", "the trainer failed to open and gave no reason", object.path);
    return error;
  }));
  return trainer;
}

}  // namespace rm::tune
