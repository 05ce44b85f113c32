// Any bytes as a datagram, plain or under a key.
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "lb/base/check.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/keyring.h"
#include "lb/gossip/wire/testing/round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace lb::gossip::wire;
  const auto no_nonces = [] { return Nonce{}; };
  static const RoundTrip plain{Codec({}, Keyring(), no_nonces)};
  static const RoundTrip keyed{Codec(
      {.verify_incoming = false},
      [] {
        Keyring ring;
        LB_CHECK(ring.Add(Bytes(16, 'k')).ok());
        return ring;
      }(),
      no_nonces)};
  plain.Packet({bytes, size});
  keyed.Packet({bytes, size});
  return 0;
}
