// Any bytes as a datagram, and as the plaintext of a sealed one.
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/encryption.h"
#include "lb/gossip/wire/messages.h"
#include "lb/gossip/wire/testing/round_trip.h"
#include "tests/fuzz/allocation_bound.h"
#include "tests/fuzz/gossip_codecs.h"

namespace lb::gossip::wire {
namespace {

// The decompressed datagram, in a buffer that doubles, and the messages in it.
constexpr int64_t kAllocatedMax = 8 * kPacketInflatedMax;

void Decode(const Codec& codec, absl::Span<const uint8_t> bytes) {
  {
    const fuzz::AllocationBound bound(kAllocatedMax);
    (void)codec.DecodePacket(bytes).ok();
  }
  RoundTrip(codec).Packet(bytes);
}

// The version is not under the seal: any plaintext may claim to be padded.
Bytes SealedAsPadded(absl::Span<const uint8_t> plain) {
  Bytes sealed = Seal({.version = EncryptionVersion::kUnpadded,
                       .key = VectorKey(),
                       .nonce = Nonce{}},
                      plain, {});
  sealed[0] = static_cast<uint8_t>(EncryptionVersion::kPadded);
  return sealed;
}

}  // namespace
}  // namespace lb::gossip::wire

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace lb::gossip::wire;
  const absl::Span<const uint8_t> bytes(data, size);
  for (const Codec& codec : FuzzCodecs()) Decode(codec, bytes);
  if (size > 0) Decode(FuzzCodecs()[1], SealedAsPadded(bytes));
  return 0;
}
