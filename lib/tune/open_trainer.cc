#include "lib/tune/open_trainer.h"

#include "lib/generate/torch_object.h"

namespace rm::tune {

Result<std::unique_ptr<Trainer>> open_trainer(const TrainerOptions& o) {
  return generate::open_in_object<Trainer>(o, "rm_trainer_open", "rm_trainer_abi", kTrainerAbi);
}

}  // namespace rm::tune
