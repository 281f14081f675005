// CRC-32C (Castagnoli; RFC 3720, section 12.1), as event files frame their records with it. Pure, any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace rm::metrics {

std::uint32_t crc32c(std::string_view bytes);

// Rotated and shifted by a constant, so that a checksum of bytes that hold checksums stays a good one (TensorFlow's
// lib/hash/crc32c.h, "Mask").
std::uint32_t masked_crc32c(std::string_view bytes);

}  // namespace rm::metrics
