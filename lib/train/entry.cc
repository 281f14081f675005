// The two functions the program looks up in a Torch object to train. No exception leaves them.
#include <exception>
#include <new>

#include "lib/train/trainer.h"

extern "C" int rm_trainer_abi() { return rm::tune::kTrainerAbi; }

extern "C" int rm_trainer_open(const rm::tune::TrainerOptions* options, rm::tune::Trainer** out, rm::Error* error) {
  *out = nullptr;
  try {
    auto trainer = rm::train::TorchTrainer::open(*options);
    if (trainer) {
      *out = trainer->release();
      return 0;
    }
    *error = trainer.error();
  } catch (const std::exception& e) {
    *error = rm::make_error(rm::Exit::kBug, "trainer", e.what(), options->model);
  } catch (...) {
    *error = rm::make_error(rm::Exit::kBug, "trainer", "an unknown exception", options->model);
  }
  return 1;
}
