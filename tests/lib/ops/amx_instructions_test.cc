// The AMX instructions that lib/ops/cpu/tiles.h writes, in the kernels as they are compiled, against the model of the unit, bit
// for bit. Where the processor has no tiles, or the system does not grant them, each instruction ends in SIGILL: it is decoded
// there (Intel's Software Developer's Manual, volume 2: VEX prefix, ModRM, SIB) and carried out by the model. So operands,
// addresses, strides and order are held everywhere; the arithmetic of the unit itself only where there is one. The vectors
// around the tiles need AVX512 and its bf16: elsewhere there is nothing to run.
#include <string>
#include <vector>

#include "lib/ops/cpu/kernels.h"
#include "tests/lib/ops/model_tiles.h"
#include "tests/lib/ops/panel_case.h"
#include "tests/lib/ops/tables.h"

#undef CHECK  // c10's; doctest's is meant
#include <doctest/doctest.h>

#if defined(__x86_64__) && defined(__linux__)
#include <signal.h>
#include <ucontext.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

using namespace rm::ops::cpu;

namespace {

volatile int carried_out = 0;

// One instruction of map 0F38 with a three-byte VEX prefix, and the registers it meets.
class Instruction {
 public:
  Instruction(const unsigned char* at, greg_t* registers) : at_(at), registers_(registers) {}

  // Its length, or 0 if it is none of AMX's that the kernels use.
  int carry_out() {
    if (at_[0] != 0xC4 || (at_[1] & 0x1F) != 2 || (at_[2] & 0x84) != 0) return 0;  // W0, 128 bits
    const int prefix = at_[2] & 3, opcode = at_[3], v = ~(at_[2] >> 3) & 15;
    mod_ = at_[4] >> 6;
    const int reg = (at_[4] >> 3 & 7) | (at_[1] & 0x80 ? 0 : 8), rm = (at_[4] & 7) | (at_[1] & 0x20 ? 0 : 8);
    length_ = 5;
    if (mod_ != 3) read_address();
    const auto kind = [&](int o, int p, bool memory) { return opcode == o && prefix == p && memory == (mod_ != 3); };
    if (kind(0x49, kNone, true) && reg == 0) {
      TileConfig c = {};
      std::memcpy(&c, reinterpret_cast<const void*>(base_ + stride_), sizeof c);
      ModelTiles::configure(c);
    } else if (kind(0x49, kNone, false) && at_[4] == 0xC0) {
      ModelTiles::release();
    } else if (kind(0x49, kF2, false) && rm == 0) {
      ModelTiles::zero(reg);
    } else if (kind(0x4B, kF2, true) && sib_) {
      ModelTiles::load(reg, reinterpret_cast<const void*>(base_), stride_);
    } else if (kind(0x4B, kF3, true) && sib_) {
      ModelTiles::store(reg, reinterpret_cast<void*>(base_), stride_);
    } else if (kind(0x5C, kF3, false)) {
      ModelTiles::dot_bf16(reg, rm, v);
    } else {
      return 0;
    }
    return length_;
  }

 private:
  static constexpr int kNone = 0, kF3 = 2, kF2 = 3;

  std::int64_t value(int number) const {
    static constexpr int kPlaces[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                        REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    return registers_[kPlaces[number]];
  }

  void read_address() {
    const int rm = at_[4] & 7, high_base = at_[1] & 0x20 ? 0 : 8, high_index = at_[1] & 0x40 ? 0 : 8;
    sib_ = rm == 4;
    int base = rm;
    if (sib_) {
      const int s = at_[length_++], index = (s >> 3 & 7) | high_index;
      base = s & 7;
      if (index != 4) stride_ = static_cast<std::int64_t>(static_cast<std::uint64_t>(value(index)) << (s >> 6));
    }
    const bool no_base =
        mod_ == 0 && base == 5;  // four bytes alone, counted from the next instruction where there is no SIB
    if (!no_base) base_ = value(base | high_base);
    if (mod_ == 1) base_ += static_cast<signed char>(at_[length_++]);
    if (mod_ == 2 || no_base) {
      std::int32_t far = 0;
      std::memcpy(&far, at_ + length_, 4);
      length_ += 4;
      base_ += far;
    }
    if (no_base && !sib_) base_ += reinterpret_cast<std::int64_t>(at_) + length_;
  }

  const unsigned char* at_;
  greg_t* registers_;
  int mod_ = 0, length_ = 0;
  bool sib_ = false;
  std::int64_t base_ = 0, stride_ = 0;  // the index where the memory is no tile's
};

extern "C" void on_illegal_instruction(int, siginfo_t*, void* context) {
  auto* registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
  const char* fault = "not an instruction of AMX";
  try {
    Instruction i(reinterpret_cast<const unsigned char*>(registers[REG_RIP]), registers);
    if (const int length = i.carry_out(); length > 0) {
      registers[REG_RIP] += length;
      carried_out = carried_out + 1;
      return;
    }
  } catch (const TileFault& e) {
    fault = e.what();
  }
  std::fprintf(stderr, "illegal instruction: %s\n", fault);
  std::abort();
}

struct Trap {
  Trap() {
    struct sigaction a = {};
    a.sa_sigaction = on_illegal_instruction;
    a.sa_flags = SA_SIGINFO;
    sigaction(SIGILL, &a, &before);
  }
  ~Trap() { sigaction(SIGILL, &before, nullptr); }
  struct sigaction before = {};
};

}  // namespace

TEST_CASE("the compiled AMX kernels give the bits that the model of the tile unit gives") {
  const CpuFeatures& f = this_machine();
  if (!has_avx512(f) || !f.avx512bf16 || !f.avx512vnni) {
    MESSAGE("no AVX512 with bf16: nothing was run");
    return;
  }
  const Trap trap;
  carried_out = 0;
  for (const int bits : {16, 8, 6, 4}) {
    for (const std::int64_t rows : {1, 7, 16, 17, 31, 32, 33, 48, 50}) {
      for (const std::int64_t k : {32, 224, 288}) {
        for (const std::int64_t columns : {5, 64}) {
          const PanelShape s{rows, columns, bits == 16 ? k - 30 : k, bits, columns == 5, rows % 2 == 0};
          CAPTURE(s.rows);
          CAPTURE(s.columns);
          CAPTURE(s.k);
          CAPTURE(s.bits);
          const PanelCase c(s, 8);
          bool outside = false;
          const auto y = c.run(kAmx, 0, rows, &outside);
          CHECK(!outside);
          CHECK(c.error(y) <= 1);
          CHECK(y == c.run(kAmxModel, 0, rows, &outside));
        }
      }
    }
  }
  if (kAmx.usable(f))
    CHECK(carried_out == 0);
  else
    CHECK(carried_out > 0);
}
#endif
