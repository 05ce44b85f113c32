// Any bytes as what has come of a stream, in either direction.
#include <cstddef>
#include <cstdint>

#include "absl/types/span.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/keyring.h"
#include "lb/gossip/wire/testing/round_trip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  using namespace lb::gossip::wire;
  static const RoundTrip plain{Codec({}, Keyring(), [] { return Nonce{}; })};
  plain.Stream({bytes, size}, Codec::Direction::kRequest);
  plain.Stream({bytes, size}, Codec::Direction::kResponse);
  return 0;
}
