// The matrices of a model by their place.
#pragma once

namespace rm::model {

enum Kind : unsigned { kQkv = 1, kO = 2, kGateUp = 4, kDown = 8, kHead = 16, kAllKinds = 31 };

}  // namespace rm::model
