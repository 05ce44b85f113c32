// The entries of tests/corpus/memberlist/vectors.txt, whose head describes the
// format. The test needs the file as data.
#ifndef LB_GOSSIP_WIRE_TESTING_VECTORS_H_
#define LB_GOSSIP_WIRE_TESTING_VECTORS_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lb/gossip/wire/codec.h"
#include "lb/gossip/wire/keyring.h"
#include "lb/gossip/wire/messages.h"

namespace lb::gossip::wire {

struct Vector {
  std::string name;
  std::string build;      // With the key and the label in use.
  std::string transport;  // "udp ...", "tcp ..." or "-".
  std::string decoded;    // Without "= "; empty: not a capture.
  std::string hex;
  size_t size = 0;

  bool is_capture() const { return !decoded.empty(); }
  bool is_stream() const { return transport.starts_with("tcp"); }
  bool is_response() const {
    return name.find("response") != std::string::npos;
  }
  // The options of the node that sent it.
  CodecOptions Options() const;
  Keyring Keys() const;
};

// All entries, in order. Stops the test if the file cannot be read.
std::vector<Vector> ReadVectors();

Bytes FromHex(std::string_view hex);
std::string ToHex(const Bytes& bytes);

// The nonce of the vectors that are not captures: 00 01 .. 0b.
Nonce CountingNonce();

}  // namespace lb::gossip::wire

#endif  // LB_GOSSIP_WIRE_TESTING_VECTORS_H_
