// The codecs that the gossip fuzzers decode with: plain, under the key of the
// vectors, and under that key and their label. Plaintext is let through by
// all, for the fuzzer forges no seal.
#ifndef LB_TESTS_FUZZ_GOSSIP_CODECS_H_
#define LB_TESTS_FUZZ_GOSSIP_CODECS_H_

#include <string>
#include <string_view>
#include <vector>

#include "lb/base/check.h"
#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/keyring.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip::wire {

inline Bytes VectorKey() {
  constexpr std::string_view kKey = "0123456789abcdef";
  return {kKey.begin(), kKey.end()};
}

inline Codec FuzzCodec(const std::string& label, bool keyed) {
  Keyring ring;
  if (keyed) LB_CHECK(ring.Add(VectorKey()).ok());
  return Codec({.label = label, .verify_incoming = false}, ring,
               [] { return Nonce{}; });
}

inline const std::vector<Codec>& FuzzCodecs() {
  static const std::vector<Codec> codecs = {
      FuzzCodec("", false), FuzzCodec("", true), FuzzCodec("blue", true)};
  return codecs;
}

}  // namespace lb::gossip::wire

#endif  // LB_TESTS_FUZZ_GOSSIP_CODECS_H_
